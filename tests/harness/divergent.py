"""The operator of another release, for tests of two that disagree: `python -m tests.harness.divergent run …`.

It keeps fewer revisions of each Deployment, and calls an app that is Ready `ScaledToZero`.
"""

from dataclasses import replace

from myapp_operator import desired, names, status
from myapp_operator.cli import main
from myapp_operator.desired import deployment
from myapp_operator.grammar import Json
from myapp_operator.model import Spec
from myapp_operator.names import Reason
from myapp_operator.seen import Seen
from myapp_operator.verdicts import Verdict, decide


def build(name: str, spec: Spec) -> Json:
    """The Deployment, with one field of another value."""
    part = deployment.build(name, spec)
    return part | {"spec": part["spec"] | {"revisionHistoryLimit": 3}}


def judge(seen: Seen) -> Verdict:
    """The judgement, with another reason."""
    verdict = decide(seen)
    return replace(verdict, reason=Reason.SCALED_TO_ZERO) if verdict.reason is Reason.READY else verdict


if __name__ == "__main__":
    setattr(desired, "BUILDERS", {**desired.BUILDERS, names.DEPLOYMENT: build})  # noqa: B010  as in `impatient`
    setattr(status, "decide", judge)  # noqa: B010
    main()
