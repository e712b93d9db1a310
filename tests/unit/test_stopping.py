"""SIGTERM ends the process with exit code 0, whatever it is at."""

import subprocess
import sys

PATIENCE = "stopping._PATIENCE = 0.2"


def run(*lines: str) -> subprocess.CompletedProcess[str]:
    """A process of its own that runs these lines."""
    program = "\n".join(("import asyncio, logging, os, signal, time", "from myapp_operator import stopping", *lines))
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)


def test_before_anything_runs_it_just_ends() -> None:
    done = run("stopping.exit_on_signal()", "os.kill(os.getpid(), signal.SIGTERM)", "time.sleep(60)")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_main_task_is_cancelled_and_may_tidy_up() -> None:
    done = run(
        "async def main():",
        "    stopping.cancel_on_signal()",
        "    os.kill(os.getpid(), signal.SIGTERM)",
        "    try:",
        "        await asyncio.sleep(60)",
        "    except asyncio.CancelledError:",
        "        print('tidied up')",
        "asyncio.run(main())",
    )
    assert (done.returncode, done.stdout) == (0, "tidied up\n"), done.stderr


def test_a_second_signal_does_not_cut_off_the_tidying_up() -> None:
    done = run(
        "async def main():",
        "    stopping.cancel_on_signal()",
        "    os.kill(os.getpid(), signal.SIGTERM)",
        "    try:",
        "        await asyncio.sleep(60)",
        "    finally:",
        "        os.kill(os.getpid(), signal.SIGTERM)",
        "        os.kill(os.getpid(), signal.SIGINT)",
        "        await asyncio.sleep(0.2)",
        "        print('tidied up')",
        "try:",
        "    asyncio.run(main())",
        "except asyncio.CancelledError:",
        "    pass",
    )
    assert (done.returncode, done.stdout) == (0, "tidied up\n"), done.stderr


def test_what_does_not_heed_the_cancellation_is_left_behind() -> None:
    done = run(
        PATIENCE,
        "async def main():",
        "    stopping.cancel_on_signal()",
        "    os.kill(os.getpid(), signal.SIGTERM)",
        "    while True:",
        "        try:",
        "            await asyncio.sleep(60)",
        "        except asyncio.CancelledError:",
        "            pass",
        "asyncio.run(main())",
    )
    assert done.returncode == 0
    assert "something has not ended" in done.stderr


def test_a_blocked_event_loop_does_not_hold_it() -> None:
    done = run(
        PATIENCE,
        "async def main():",
        "    stopping.cancel_on_signal()",
        "    os.kill(os.getpid(), signal.SIGTERM)",
        "    try:",
        "        await asyncio.sleep(60)",
        "    finally:",
        "        time.sleep(60)",
        "asyncio.run(main())",
    )
    assert done.returncode == 0
    assert "something has not ended" in done.stderr
