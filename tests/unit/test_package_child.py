"""The keyless child: what it can not do any more, and what its parent makes of bad answers."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from proxy.errors import ProxyError, Refused, Unavailable
from proxy.run import package_process

# Programs that stand where the child stands, as its parent starts it.
TRIES = """
from proxy.run import package_child
package_child.package_pdf.prepare()
package_child.confine()
import json, os
found = {}
def attempt(name, call):
    try:
        call()
    except BaseException as error:
        found[name] = type(error).__name__
    else:
        found[name] = "done"
attempt("file", lambda: open("/etc/hostname"))
attempt("write", lambda: os.open("/tmp/never-made", os.O_CREAT | os.O_WRONLY))
attempt("socket", lambda: __import__("socket").socket())
attempt("program", lambda: os.pipe())
attempt("memory", lambda: bytearray(2 << 30))
found["environment"] = dict(os.environ)
os.write(1, json.dumps(found).encode())
"""


def answered(monkeypatch: pytest.MonkeyPatch, program: str) -> ProxyError:
    """What the parent raises when the child is this program."""
    monkeypatch.setattr(package_process, "_program", lambda: program)
    with pytest.raises(ProxyError) as raised:
        package_process.lock(b"archive", "pass")
    return raised.value


def test_the_child_can_open_nothing_any_more() -> None:
    """No file, no socket, no pipe to a program, no gigabytes, and no environment."""
    program = package_process._program().split("; from ")[0] + "\n" + TRIES
    done = subprocess.run(
        [sys.executable, "-P", "-c", program], env={}, capture_output=True, check=True
    )
    found = json.loads(done.stdout)
    assert set(found.pop("environment")) <= {"LC_CTYPE"}
    assert found == {
        "file": "OSError",
        "write": "OSError",
        "socket": "OSError",
        "program": "OSError",
        "memory": "MemoryError",
    }


def test_a_job_that_is_none_ends_the_child() -> None:
    """A parent that breaks off, or asks for what there is not, gets no answer."""
    for job in ({"do": "open"}, {"do": "seal"}, {}):
        with pytest.raises(Unavailable) as raised:
            package_process._exchange(job, b"")
        assert raised.value.code == "package_child"


@pytest.mark.parametrize(
    "program",
    [
        "",
        "import sys; sys.exit(3)",
        "import os; os.write(1, b'x' * 100)",
        "import os; os.write(1, b'{}\\n')",
        "import os; os.write(1, b'[]\\nabc')",
        'import os, sys; os.write(1, b\'{"code": "state_lost"}\\n\'); sys.exit(1)',
        "import os, sys; os.write(1, b'{\"code\": 5}\\n'); sys.exit(1)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import os\nwhile True: os.write(1, b'{}\\n' + bytes(1 << 20))",
    ],
)
def test_a_child_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Nothing, nonsense, a code that is not the child's, or no end: the vault goes on without."""
    assert answered(monkeypatch, program).code == "package_child"


def test_words_of_the_child_go_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a refusal the code alone is taken: a child that was taken over can tell nothing."""
    program = (
        "import os, sys; os.read(0, 9);"
        ' os.write(1, b\'{"code": "recipient_expired", "detail": "marlene"}\\n\'); sys.exit(1)'
    )
    fault = answered(monkeypatch, program)
    assert isinstance(fault, Refused)
    assert (fault.code, "marlene" in fault.detail) == ("recipient_expired", False)


def test_a_child_that_hangs_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time the parent goes on."""
    monkeypatch.setattr(package_process, "TIMEOUT_S", 0.3)
    program = "import signal; signal.pause()"
    assert answered(monkeypatch, program).code == "package_child"
