"""All MyApps that there are, by a list of their metadata."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from myapp_operator import names
from myapp_operator.errors import AnotherHistoryError
from myapp_operator.kube import APPS, Kube
from myapp_operator.observed import App, is_of_later_history
from myapp_operator.store import Store
from myapp_operator.workqueue import WorkQueue

logger = logging.getLogger(__name__)


async def take(kube: Kube, store: Store, namespace: str | None) -> tuple[dict[str, App], int]:
    """The MyApps of a namespace, or of all, by uid, without spec and status; and the version of the list.

    No page is kept: the metadata of ten thousand, with their managedFields, would take more than all that is known.

    Raises:
        ApiError, UnreachableError: there is no list to be had.
        AnotherHistoryError: the list is older than what was known when it was asked for.
    """
    newest = store.newest_version(namespace)
    listed: dict[str, App] = {}
    version = 0
    async for page in kube.pages(APPS, namespace):
        listed |= {app.uid: app for app in _readable(page.items)}
        version = page.version
    if version < newest:
        raise AnotherHistoryError(f"a list of {names.PLURAL} is of version {version}, after {newest}")
    for uid, app in store.known_apps(namespace).items():
        if uid in listed and is_of_later_history(app, listed[uid], version):
            raise AnotherHistoryError(f"a list of {names.PLURAL} has an older version of {app.key}")
    return listed, version


def forget_vanished(
    store: Store, queue: WorkQueue, kept: Iterable[str], *, namespace: str | None, version: int
) -> None:
    """Forgets the MyApps of a namespace, or of all, but for these uids, unless they are newer than the list."""
    for key in store.retain_apps(kept, namespace=namespace, version=version):
        logger.info("%s is gone; its deletion was missed", key, extra={"app": str(key)})
        queue.add(key)


def _readable(items: Iterable[object]) -> Iterator[App]:
    """Those that say which MyApp they are; kopf is brought the same ones, and tells of the others."""
    for each in items:
        try:
            yield App.from_json(each)
        except ValueError:
            continue
