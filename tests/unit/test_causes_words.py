"""The words of others: which line of an app tells, and what is cut away because it differs each time."""

import time

import pytest

from myapp_operator.causes import words

PYTHON = """Traceback (most recent call last):
  File "/app/app.py", line 3, in <module>
    import settings
{end}
"""
LAST_WORDS = [
    ("nothing", "", ""),
    ("one line", "settings are missing\n", "settings are missing"),
    ("a traceback", PYTHON.format(end="KeyError: 'DATABASE'"), "KeyError: 'DATABASE'"),
    (
        "an exception that is not named after an error",
        PYTHON.format(end="jinja2.exceptions.TemplateNotFound: index.html"),
        "jinja2.exceptions.TemplateNotFound: index.html",
    ),
    (
        "the later of two exceptions",
        PYTHON.format(end="KeyError: 'a'") + "\nDuring handling of it:\n\n" + PYTHON.format(end="ValueError: b"),
        "ValueError: b",
    ),
    (
        "an exception of several lines",
        PYTHON.format(end="pydantic.ValidationError: 2 errors\nPORT\n  Field required\nHOST\n  Field required"),
        "pydantic.ValidationError: 2 errors",
    ),
    (
        "what a server logs after it",
        PYTHON.format(end="OSError: no disk")
        + "[2030-01-01 12:00:00 +0000] [1] [ERROR] Reason: Worker failed to boot.",
        "OSError: no disk",
    ),
    (
        "an error in a log, without clock, level and process",
        "[2030-01-01 12:00:00 +0000] [7] [ERROR] Worker (pid:7) failed\nbye",
        "Worker (pid) failed",
    ),
    ("a log of another make", "2030-01-01T12:00:00.123Z ERROR cannot listen\nbye", "cannot listen"),
    ("the last line where none names an error", "one\n\n two \n\n", "two"),
    ("an address in memory", "ValueError: <object at 0x7f00deadbeef>", "ValueError: <object at 0x…>"),
    ("colours", "\x1b[31mError: no\x1b[0m\nbye", "Error: no"),
    (
        "Node",
        "Error: Cannot find module 'x'\n    at load (node:internal)\n\nNode.js v24.0.0",
        "Error: Cannot find module 'x'",
    ),
    ("Go", "panic: no disk\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:4", "panic: no disk"),
    (
        "Java",
        'Exception in thread "main" java.lang.Oops: a\n\tat Main.main\nCaused by: java.io.IOException: b\n\tat',
        "Caused by: java.io.IOException: b",
    ),
    ("a long line", "x" * 5000, "x" * 300),
]


@pytest.mark.parametrize(("said", "line"), [pytest.param(*case[1:], id=case[0]) for case in LAST_WORDS])
def test_the_telling_line(said: str, line: str) -> None:
    assert words.telling_line(said) == line


REASONS = 'failed to resolve reference "r.example.com/app:2": r.example.com/app:2: not found'


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f'failed to pull and unpack image "r.example.com/app:2": {REASONS}', "r.example.com/app:2: not found"),
        (
            f'Back-off pulling image "r.example.com/app:2": ErrImagePull: rpc error: code = NotFound desc = {REASONS}',
            "r.example.com/app:2: not found",
        ),
        ('Back-off pulling image "r.example.com/app:2"', ""),
        (
            'failed to do request: Head "https://r.example/v2/": dial tcp 10.0.0.1:443: connect: no route to host',
            "no route to host",
        ),
        ("dial tcp: lookup r.example.com on 10.0.0.1:53: no such host", "lookup r.example.com: no such host"),
    ],
)
def test_why_an_image_cannot_be_had_is_told_alike_at_each_try(said: str, told: str) -> None:
    assert words.of_image(said) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu. "
            "preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.",
            "no node fits: Insufficient cpu, node(s) were unschedulable",
        ),
        (
            "0/1 nodes are available: 1 node(s) had untolerated taint {team: blue}.",
            "no node fits: node(s) had untolerated taint {team: blue}",
        ),
        ("no nodes available to schedule pods", "no node is chosen: no nodes available to schedule pods"),
    ],
)
def test_why_no_node_fits_is_told_without_counting_nodes(said: str, told: str) -> None:
    assert words.of_scheduler(said) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ('Get "http://10.0.0.1:5000/": dial tcp 10.0.0.1:5000: connect: connection refused', words.REFUSED),
        ("dial tcp [fd00::1]:5000: i/o timeout", "i/o timeout"),
        (
            'Get "http://10.0.0.1:5000/": read tcp 10.0.0.9:41234->10.0.0.1:5000: read: connection reset by peer',
            "connection reset by peer",
        ),
        (
            'Get "http://10.0.0.1:5000/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
            "context deadline exceeded (Client.Timeout exceeded while awaiting headers)",
        ),
        (
            'timeout: failed to connect service "10.0.0.1:5000" within 1s: context deadline exceeded\n',
            'timeout: failed to connect service "the pod" within 1s: context deadline exceeded',
        ),
        ("HTTP probe failed with statuscode: 503", "HTTP probe failed with statuscode: 503"),
    ],
)
def test_the_answer_to_a_probe_is_told_without_the_address_of_the_pod(said: str, told: str) -> None:
    assert words.of_probe(said) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "The node was low on resource: memory. Threshold quantity: 100Mi, available: 42032Ki. "
            "Container myapp was using 12345Ki, request is 0, has larger consumption of memory. ",
            "The node was low on resource: memory",
        ),
        (
            "The node was low on resource: memory. Container myapp was using 5Gi, request is 0.",
            "The node was low on resource: memory",
        ),
        (
            'Usage of EmptyDir volume "tmp" exceeds the limit "1Gi". ',
            'Usage of EmptyDir volume "tmp" exceeds the limit "1Gi"',
        ),
    ],
)
def test_an_eviction_is_told_without_amounts(said: str, told: str) -> None:
    assert words.of_eviction(said) == told


@pytest.mark.parametrize(
    "piece", ["A.", "a: ", "[1] ", '"', 'Get "', "lookup ", "dial tcp ", "1.1.", "0x", ". ", "\x1b["]
)
def test_hostile_text_costs_no_time(piece: str) -> None:
    text = piece * (100_000 // len(piece))
    judges = (words.telling_line, words.of_image, words.of_start, words.of_scheduler, words.of_probe, words.of_eviction)
    began = time.process_time()
    for judge in judges:
        judge(text)
    assert time.process_time() - began < 5
