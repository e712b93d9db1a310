"""Our programs as a user types them."""

import os
import subprocess
import sys
from pathlib import Path

PROGRAMS = Path(sys.executable).parent


def kubectl_myapp(kubeconfig: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """`kubectl-myapp`, with the rights that this kubeconfig gives."""
    return subprocess.run(
        [str(PROGRAMS / "kubectl-myapp"), *arguments],
        input=stdin,
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
