"""All MyApps that there are, by a list of their metadata."""

from __future__ import annotations

from myapp_operator.kube import APPS, Kube
from myapp_operator.observed import App


async def take(kube: Kube, namespace: str | None) -> tuple[dict[str, App], int]:
    """The MyApps of a namespace, or of all, by uid, without spec and status; and the version of the list.

    No page is kept: the metadata of ten thousand, with their managedFields, would take more than all that is known.

    Raises:
        ApiError, UnreachableError: there is no list to be had.
    """
    listed: dict[str, App] = {}
    version = 0
    async for page in kube.pages(APPS, namespace):
        listed |= {app.uid: app for app in map(App.from_json, page.items)}
        version = page.version
    return listed, version
