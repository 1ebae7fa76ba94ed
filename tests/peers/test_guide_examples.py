"""The registrar's guide: its examples are run in order, and answer what the guide says."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import running, served

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.running import Running

pytestmark = [pytest.mark.peer, pytest.mark.db, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "proxy" / "docs" / "registrar-guide.md"
BLOCK = re.compile(
    r"(?P<before>[^\n]*)\n\n```(?P<kind>[a-z]+)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE
)
FILE = re.compile(r"`(?P<name>[a-z]+\.(json|ndjson))`(:| is [^:]*:)$")
PROGRAM = re.compile(r"^Save this as `(?P<name>[a-z_]+\.py)`")  # run by a test of its own
ADDRESS = "https://api.example"


@dataclass(slots=True, kw_only=True)
class Example:
    """A program of the guide, and what it says that is answered."""

    program: str
    text: str
    claim: str = ""


def read_guide() -> tuple[dict[str, str], list[Example]]:
    """The files that the examples use, and the examples in order."""
    files: dict[str, str] = {}
    found: list[Example] = []
    for block in BLOCK.finditer(GUIDE.read_text("utf-8")):
        kind, text = block["kind"], block["text"]
        named = FILE.search(block["before"]) or PROGRAM.search(block["before"])
        if named:
            files[named["name"]] = text
        elif kind == "python" or (kind == "sh" and not text.startswith("privacyproxy")):
            found.append(Example(program=kind, text=text))
        elif kind in {"json", "text"}:
            found[-1].claim = text
    return files, found


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, str]]:
    """A service of its own and its one registrar's key."""
    directory = tmp_path_factory.mktemp("guide")
    started = running.start(directory / "data")
    try:
        profile = directory / "profile.json"
        profile.write_text(json.dumps({**served.PROFILE, "email_verification": "service"}))
        yield started, started.add_registrar("Quiet Harbour AS", profile)[1]
    finally:
        started.stop()


def is_as_claimed(said: Any, claim: Any) -> bool:
    """Whether what is said holds every member that is claimed; `…` stands for any text."""
    if isinstance(claim, dict):
        return isinstance(said, dict) and all(
            name in said and is_as_claimed(said[name], value) for name, value in claim.items()
        )
    if isinstance(claim, list):
        return (
            isinstance(said, list)
            and len(said) == len(claim)
            and all(map(is_as_claimed, said, claim))
        )
    if isinstance(claim, str) and isinstance(said, str):
        return re.fullmatch(re.escape(claim).replace("…", ".+"), said) is not None
    return bool(said == claim)


def test_every_example_does_what_the_guide_says(
    service: tuple[Running, str], tmp_path: Path
) -> None:
    """Each is run as it stands, but for the address; answers hold what is claimed of them."""
    if shutil.which("curl") is None:
        pytest.skip("no curl (Debian: apt-get install curl)")
    started, key = service
    url = f"http://127.0.0.1:{started.port('api')}"
    files, examples = read_guide()
    for name, text in {**files, "registrar.key": f"{key}\n"}.items():
        (tmp_path / name).write_text(text, "utf-8")
    programs = {"sh": ["sh", "-euc"], "python": [sys.executable, "-c"]}
    for one in examples:
        assert ADDRESS in one.text or not one.claim
        done = subprocess.run(
            [*programs[one.program], one.text.replace(ADDRESS, url)],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            env=running.handed_on({"PYTHONPATH": str(ROOT)}),
        )
        assert done.returncode == 0, one.text + done.stderr
        if one.text.startswith("curl"):
            assert is_as_claimed(json.loads(done.stdout), json.loads(one.claim)), done.stdout
        else:
            assert done.stdout == one.claim


def test_there_are_examples_of_both_kinds() -> None:
    """A guide whose blocks are not found would pass for ever; so would claims of nothing."""
    files, examples = read_guide()
    assert set(files) == {"kaveri.json", "names.ndjson", "publish.py", "read_back.py"}
    assert sum(one.program == "python" for one in examples) == 2
    assert sum(one.text.startswith("curl") and one.claim != "" for one in examples) >= 6
    assert not is_as_claimed({"a": 1, "b": "x"}, {"a": 1, "b": "y"})
    assert is_as_claimed({"a": [{"b": "xyz", "c": 1}]}, {"a": [{"b": "x…"}]})
