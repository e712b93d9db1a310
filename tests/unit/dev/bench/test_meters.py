"""What is read of /proc."""

import os

import pytest

from dev.bench.errors import BenchError
from dev.bench.machine import processor
from dev.bench.meters import cpu_seconds, memory, parse_cpu, parse_memory, parse_processors, processors


def test_cpu_time_is_user_and_kernel_time_whatever_the_program_is_called() -> None:
    stat = "42 (a ) 9 9 (b) S 1 42 42 0 -1 4194560 100 0 0 0 150 50 7 7 20 0 1 0 5 1000 10"
    assert parse_cpu(stat, 100) == 2.0


def test_memory_is_told_in_millions_of_bytes() -> None:
    assert parse_memory("Name:\tx\nVmHWM:\t 2000000 kB\nVmRSS:\t 1000000 kB\n") == (1024.0, 2048.0)


def test_cores_that_wait_for_a_disk_or_for_nothing_are_not_busy() -> None:
    before = parse_processors("cpu  10 0 10 100 20 0 0 0 0 0\ncpu0 10 0 10 100 20 0 0 0 0 0\n")
    later = parse_processors("cpu  40 0 30 130 30 5 5 0 3 0\ncpu0 40 0 30 130 30 5 5 0 3 0\n")
    assert later.busy_share(before) == 0.6


def test_the_cores_of_this_machine_have_done_something() -> None:
    now = processors()
    assert 0 < now.busy < now.total
    assert now.busy_share(now) == 0


def test_a_running_process_is_measured() -> None:
    assert cpu_seconds(os.getpid()) > 0
    assert 1 < memory(os.getpid()).now <= memory(os.getpid()).peak


def test_a_process_that_is_gone_is_told_of() -> None:
    with pytest.raises(BenchError, match="ended while it was measured"):
        cpu_seconds(2**22 + 1)


def test_the_processor_is_named_where_the_kernel_names_it() -> None:
    assert (
        processor("processor : 0\nmodel name\t: Some CPU @ 2 GHz\nmodel name\t: Some CPU @ 2 GHz\n")
        == "Some CPU @ 2 GHz"
    )
    assert processor("processor : 0\n")
