"""An app that takes its time to import and then fails."""

import time

time.sleep(1)

import forgotten_dependency  # type: ignore[import-not-found]  # noqa: E402

app = forgotten_dependency.make_app()
