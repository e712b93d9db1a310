"""All that Kubernetes can tell in events is known: the sources of the version that the tests run hold no other reason.

Where this fails after a change of that version: `make event-reasons`, then say in dev/event_words.yaml what becomes of
each new one.
"""

from dev import event_reasons


def test_kubernetes_writes_no_event_that_is_not_listed() -> None:
    assert event_reasons.find() == event_reasons.read()
