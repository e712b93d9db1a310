"""Whether the accounts of other installations have the rights of an operator: asked in turn, and again after a while.

A tenant may claim any namespaces, and other ones at each look. So the questions of one look are bounded, for each home
and for all, the homes take turns, and nothing is kept of what is claimed no more.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from myapp_operator import names
from myapp_operator.claims import ALL
from myapp_operator.errors import ApiError
from myapp_operator.kube import Kube
from myapp_operator.names import Key

_MAX_REVIEWS = 50
"""Questions in one look."""
_MAX_OF_ONE_HOME = 5
"""Questions in one look about the claims of one home."""
_VALID_SECONDS = 300.0
"""How long an answer holds: rights may be withdrawn, and granted."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Answer:
    may: bool
    at: float
    """When it was given, on our own clock."""


class Rights:
    """What was asked about the ServiceAccounts of other homes. A home is the namespace of a Lease (see `claims`)."""

    def __init__(self, kube: Kube, clock: Callable[[], float]) -> None:
        self._kube = kube
        self._clock = clock
        self._answers: dict[tuple[str, str], _Answer] = {}
        """By home, and a namespace or `ALL`."""
        self._turns: dict[str, None] = {}
        """The homes, the one that has waited longest first."""
        self._failure = ""
        """What was said last of a question that was not answered."""

    def may(self, home: str, namespace: str) -> bool:
        """Whether the account of a home has the rights of an operator in a namespace, or in `ALL`, as far as known."""
        answer = self._answers.get((home, namespace))
        return answer is not None and answer.may

    async def ask(self, claimed: Mapping[str, Collection[str]]) -> None:
        """Asks about some of what is claimed, by home, and forgets what is claimed no more.

        A question that is refused changes nothing and is asked again.

        Raises:
            UnreachableError: the API server does not answer.
        """
        self._answers = {pair: known for pair, known in self._answers.items() if pair[1] in claimed.get(pair[0], ())}
        self._turns = {home: None for home in self._turns if home in claimed} | dict.fromkeys(claimed)
        for home, namespace in self._next(claimed):
            self._turns[home] = self._turns.pop(home)
            account = Key(home, names.MANAGER)
            try:
                may = await self._kube.may_write_status(account, None if namespace == ALL else namespace)
            except ApiError as error:
                self._complain(account, error)
                continue
            self._failure = ""
            self._answers[home, namespace] = _Answer(may, self._clock())

    def _next(self, claimed: Mapping[str, Collection[str]]) -> Sequence[tuple[str, str]]:
        """What is asked now: the first question of each home, then the second one of each, until there are enough."""
        due = {home: self._due(home, claimed[home]) for home in self._turns}
        rounds = ((home, each[at]) for at in range(_MAX_OF_ONE_HOME) for home, each in due.items() if at < len(each))
        return [*islice(rounds, _MAX_REVIEWS)]

    def _due(self, home: str, namespaces: Collection[str]) -> Sequence[str]:
        """Of the claims of one home those to ask about. A right that may be withdrawn goes before new claims, so that
        new ones do not keep it."""
        known = {each: self._answers.get((home, each), _Answer(may=False, at=-math.inf)) for each in namespaces}
        due = [each for each, answer in known.items() if self._clock() - answer.at >= _VALID_SECONDS]
        return sorted(due, key=lambda each: (each != ALL, not known[each].may, known[each].at, each))[:_MAX_OF_ONE_HOME]

    def _complain(self, account: Key, error: ApiError) -> None:
        """Says the same thing once."""
        advice = ": grant the rights of deploy/operator/installations.yaml" if error.status == 403 else ", trying again"
        if str(error) != self._failure:
            words = "cannot ask whether the account %s has the rights of an operator (%s)%s"
            logger.warning(words, account, error, advice)
        self._failure = str(error)
