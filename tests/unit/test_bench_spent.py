"""What a benchmark says a command took: children and helpers count, memory is added."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from proxy.errors import Unavailable
from proxy.run.bench import spent

BURN_S = 0.2
BURN = f"import time\nwhile time.process_time() < {BURN_S} + 0.05: pass\n"  # ticks
HELD_OCTETS = 60_000_000
HOLD = f"held = b'x' * {HELD_OCTETS}\n"


def python(code: str) -> list[str]:
    """The words that run code."""
    return [sys.executable, "-c", code]


def nested(code: str) -> list[str]:
    """A process that does nothing but wait for another that runs `code`."""
    return python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {code!r}])")


def test_the_time_of_children_counts() -> None:
    """What a command has others do below it is its own."""
    assert spent.running(nested(BURN), others={}).own_cpu_s >= BURN_S


def test_the_memory_of_parent_and_child_is_added() -> None:
    """Two processes that each hold so much hold twice as much."""
    child = f"import subprocess, sys; {HOLD}import time; time.sleep(0.3)"
    code = f"import subprocess, sys; {HOLD}subprocess.run([sys.executable, '-c', {child!r}])"
    assert spent.running(python(code), others={}).peak_octets > 2 * HELD_OCTETS


def test_the_time_of_helpers_counts_with_those_that_ended() -> None:
    """A process that worked meanwhile is told by its name, and what ended below it counts."""
    before = spent.cpu_s(os.getpid())
    subprocess.run(python(BURN), check=True)
    assert spent.cpu_s(os.getpid()) - before >= BURN_S
    found = spent.running(python("pass"), others={"us": os.getpid()})
    assert found.cpu_s == found.own_cpu_s + found.others_cpu_s["us"]


def test_a_command_that_fails_is_no_measurement() -> None:
    """Its last words are handed on."""
    with pytest.raises(Unavailable) as raised:
        spent.running(python("import sys; sys.exit('no such stream')"), others={})
    assert "no such stream" in raised.value.detail


def test_a_process_is_found_by_a_word_of_its_command_line() -> None:
    """The topmost below the given one; none is an error."""
    with subprocess.Popen(["sleep", "30"]) as process:
        try:
            assert process.pid in spent.below(os.getpid())
            assert spent.find(os.getpid(), "sleep") == process.pid
        finally:
            process.kill()
    with pytest.raises(Unavailable):
        spent.find(os.getpid(), "sleep")
