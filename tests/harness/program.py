"""Our programs as a user types them."""

import sys
from pathlib import Path

from click.testing import CliRunner, Result

from myapp_operator.commands import plugin

PROGRAMS = Path(sys.executable).parent
"""The folder that `kubectl-myapp` is installed in."""


def kubectl_myapp(kubeconfig: Path, *arguments: str, stdin: str = "") -> Result:
    """What `kubectl myapp` prints and its exit code, with the rights that this kubeconfig gives.

    It runs within this process: to start a Python each time would cost more than all that the tests do with it.
    """
    given = [*arguments, "--kubeconfig", str(kubeconfig)]
    result = CliRunner().invoke(plugin, given, input=stdin)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.output
    return result
