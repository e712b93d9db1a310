"""What is said of an object that is being deleted and is still there. Pure."""

from __future__ import annotations

from collections.abc import Sequence

FOREGROUND = "foregroundDeletion"
"""The finalizer of the garbage collector, which deletes first what an object owns."""
_ORPHAN = "orphan"
"""The other one, which lets go first of what an object owns."""


def why_still_there(finalizers: Sequence[str], edit: str) -> str:
    """What holds it, and what to do; empty where nothing does. `edit` is the command that removes a finalizer."""
    held = [each for each in finalizers if each not in (FOREGROUND, _ORPHAN)]
    if held:
        names = ", ".join(f'"{each}"' for each in held)
        return (
            f"it is held by {names}: see that the controller of that finalizer runs, or remove the finalizer with: "
            f"{edit}"
        )
    if FOREGROUND in finalizers:
        return "it waits until all that it owns is gone: look for pods that do not end"
    if finalizers:
        return (
            "it waits until the garbage collector has let go of all that it owns: see that kube-controller-manager runs"
        )
    return ""
