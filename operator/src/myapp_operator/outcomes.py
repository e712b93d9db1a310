"""What became of a step: remembered of its app, and told in events where it took something back or over.

Which answer it was, and what the next step is, others decide; nothing is sent to the API server here.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from myapp_operator import admission, attempts, fieldpaths, fights, names, reverting
from myapp_operator.admission import Admitted
from myapp_operator.attempts import Step, Verb
from myapp_operator.errors import OperatorError
from myapp_operator.events import EventReason, Notice
from myapp_operator.fights import Fight
from myapp_operator.grammar import Json
from myapp_operator.masking import Values, mask, values_of
from myapp_operator.model import parse_spec
from myapp_operator.observed import App, Child
from myapp_operator.recorder import Recorder
from myapp_operator.refusals import Answer, Obstacle, Refused, Retry, Stale, classify
from myapp_operator.store import Store


class Outcomes:
    """Remembers in the store what the answers to our writes were, and tells what was taken back."""

    def __init__(self, store: Store, recorder: Recorder) -> None:
        self._store = store
        self._recorder = recorder

    def failed(self, app: App, step: Step, verdict: Refused | Retry | Stale) -> Obstacle:
        """Remembers a step that failed; returns how it stands in the way now."""
        now, memory = time.monotonic(), self._store.memory(app)
        if isinstance(verdict, Stale):
            before = memory.conflicts.get(step.kind)
            conflict = attempts.conflicted(step.decided_on, verdict.words, before, now)
            memory.conflicts[step.kind] = conflict
            return conflict.obstacle(now)
        if isinstance(verdict, Retry):
            memory.note_unanswered(step.kind)
        failed = memory.attempts
        attempt = failed[step.kind] = attempts.failed(step, verdict, failed.get(step.kind), now)
        return attempt.obstacle(now) or Obstacle(verdict)

    def succeeded(self, app: App, step: Step, present: Json | None, answer: Json | None) -> None:
        """Remembers a step that succeeded, and tells of it. `present` is the child as others had left it, where that
        was read; there is no answer to a deletion."""
        admitted = self._note_admission(app, step, answer)
        self._remember(app, step, answer, time.monotonic(), admitted)
        if step.reverts:
            self._tell_reverted(app, step, present)
        if step.recreates:
            self._tell_recreated(app, step)
        if step.verb is Verb.ADOPT:
            self._tell_adopted(app, step)

    def _note_admission(self, app: App, step: Step, answer: Json | None) -> Admitted | None:
        """Remembers what admission made of a write, and tells of it; None where it left it as it was."""
        memory = self._store.memory(app)
        before = memory.admitted.pop(step.kind, None)
        if answer is None:
            return None
        if step.attempt == attempts.ADMISSION:
            memory.asked_admission |= {step.kind}
        found = admission.mutations(step.body, answer)
        if not found:
            return None
        words = reverting.admitted(step.kind, found, _secrets(app))
        decisive = any(each.decisive for each in found)
        memory.admitted[step.kind] = Admitted(step.applied, words, decisive)
        if not decisive and (before is None or before.words != words):  # else the status is told in an event
            self._recorder.tell(app, Notice(EventReason.REFUSED, words, warning=True))
        return memory.admitted[step.kind]

    def _remember(self, app: App, step: Step, answer: Json | None, now: float, admitted: Admitted | None) -> None:
        memory = self._store.memory(app)
        before = memory.attempts.get(step.kind)
        memory.forgive([step.kind])
        if admitted is not None:
            memory.attempts[step.kind] = attempts.admitted_otherwise(step, before, now)
        elif step.attempt == attempts.NUDGING:
            memory.attempts[step.kind] = attempts.nudged(step, before, now)
        if step.verb is Verb.DELETE:
            memory.note_unwanted(step.kind)
            self._store.answered_deletion(app, step.kind, now)
            return
        memory.present[step.kind] = step.applied
        if answer is not None:  # of a Deployment its number of pods and its status are what the watch brought
            child = Child.from_json({"metadata": answer["metadata"]})
            self._store.answered_child(app, step.kind, child, now)

    def _tell_reverted(self, app: App, step: Step, present: Json | None) -> None:
        """An event for what was taken back."""
        changes = reverting.changes(step.body, step.reverts, present, _secrets(app))
        fight = self._contend(app, step, step.reverts, reverting.culprits(changes))
        self._tell_write(app, step, EventReason.REVERTED, reverting.sentence(step.kind, changes, app.key.name), fight)

    def _tell_recreated(self, app: App, step: Step) -> None:
        """An event for a child that others deleted; the API server does not tell which of them."""
        memory, now, wanted = self._store.memory(app), time.monotonic(), step.applied
        contest = fights.reverted(memory.deletions.get(step.kind), wanted, (fights.EXISTENCE,), "", now)
        memory.deletions[step.kind] = contest
        message = f'recreated {step.kind} "{step.name}", which was deleted: change the {names.KIND} instead'
        self._tell_write(app, step, EventReason.RECREATED, message, contest.fight(wanted, now))

    def _tell_adopted(self, app: App, step: Step) -> None:
        """An event for what was taken over. Whoever replaces the whole object, annotation and all, offers it anew."""
        message = f'took over {step.kind} "{step.name}": it now lives and dies with this {names.KIND}'
        self._tell_write(app, step, EventReason.ADOPTED, message, self._contend(app, step, (fights.OWNERSHIP,), by=""))

    def _contend(self, app: App, step: Step, paths: Sequence[str], by: str) -> Fight | None:
        """Remembers that these fields were made as wanted; returns the fight over them, if that is one."""
        now, wanted = time.monotonic(), step.applied
        contests = self._store.memory(app).contests
        contest = contests[step.kind] = fights.reverted(contests.get(step.kind), wanted, paths, by, now)
        return contest.fight(wanted, now)

    def _tell_write(self, app: App, step: Step, reason: EventReason, message: str, fight: Fight | None) -> None:
        """An event for a write; in a fight always the same one, which is counted."""
        words = fight.sentence(step.kind) if fight else message
        self._recorder.tell(app, Notice(reason, words, warning=fight is not None))


def judge(app: App, step: Step, error: OperatorError) -> Answer:
    """What an answer means, in words that may be shown: the server quotes what it refuses, and names fields of a child
    that its user has not written."""
    match verdict := classify(error):
        case Refused(message=words):
            shown = fieldpaths.in_words(mask(words, _secrets(app)), step.kind, parse_spec(app.spec))
            return replace(verdict, message=shown)
        case Retry(words=words) | Stale(words=words) if words:
            return replace(verdict, words=mask(words, _secrets(app)))
    return verdict


def _secrets(app: App) -> Values:
    """What must not be shown of what others say."""
    return values_of(parse_spec(app.spec), app.key.name)
