"""What becomes of each event that Kubernetes writes: something is said of every one, and of none that there is not."""

from collections import Counter

import yaml

from dev import event_reasons, events_page
from myapp_operator.names import Reason


def test_of_every_reason_it_is_said_what_becomes_of_it() -> None:
    found = {part: set(reasons) for part, reasons in event_reasons.read().items()}
    said = {part: set(reasons) for part, reasons in events_page.words().items()}
    assert said == found


def test_it_is_said_once() -> None:
    listed = yaml.safe_load(events_page.WORDS.read_text())
    said = Counter((part, each) for part, groups in listed.items() for group in groups for each in group["reasons"])
    assert said.most_common(1)[0][1] == 1


def test_what_tells_of_an_event_is_a_word_of_the_status_column() -> None:
    told = {status for reasons in events_page.words().values() for word in reasons.values() for status in word.status}
    assert told <= set(Reason)


def test_every_reason_could_be_told_from_the_sources() -> None:
    assert not [each for reasons in event_reasons.read().values() for each in reasons if each.startswith("?")]


def test_the_page_has_a_row_for_each() -> None:
    rows = [line for line in events_page.render().splitlines() if line.startswith("| `")]
    assert len(rows) == sum(map(len, event_reasons.read().values()))


def test_the_list_is_as_it_is_written() -> None:
    assert event_reasons.TARGET.read_text() == event_reasons.render(event_reasons.read())
