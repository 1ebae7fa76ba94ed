"""What holds for every file of the project, whoever wrote it."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Our own code; other Python files of the tree (environments, build output) are nobody's text.
PACKAGES = ("proxy", "registrar_adapters", "escrow", "tests")
LONGEST_FILE = 400  # lines; past that a file has more than one reason to change
# Written in two pieces, so that this file does not name what it forbids.
FOREIGN = (
    "../" + "shared",
    "/home/" + "runner",
    "/" + "Users/",
    "/" + "root/",
    "pypi" + ".org",
    "files.python" + "hosted.org",
    "registry.npm" + "js.org",
    "--index-" + "url",
    "--find-" + "links",
)


def python_files(*packages: str) -> list[Path]:
    """Every Python file of `packages`, in order."""
    return sorted(
        file
        for package in packages
        for file in (ROOT / package).rglob("*.py")
        if "__pycache__" not in file.parts
    )


def tracked_files() -> list[Path]:
    """Every file that a clone holds; without git, every file of our folders and the top level."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False
    ).stdout.split(b"\0")
    if listed != [b""]:
        return [
            ROOT / name.decode() for name in listed if name and (ROOT / name.decode()).is_file()
        ]
    top = [file for file in ROOT.iterdir() if file.is_file()]
    return top + [file for name in PACKAGES for file in (ROOT / name).rglob("*") if file.is_file()]


def test_there_are_files_to_look_at() -> None:
    """A search over nothing would pass for ever."""
    assert len(python_files("proxy")) > 30
    assert len(tracked_files()) > 50


@pytest.mark.parametrize("package", PACKAGES)
def test_init_files_are_empty(package: str) -> None:
    """An __init__.py holds nothing, so importing a package runs nothing."""
    full = [
        file for file in python_files(package) if file.name == "__init__.py" and file.stat().st_size
    ]
    assert full == []


@pytest.mark.parametrize("package", PACKAGES)
def test_files_stay_short(package: str) -> None:
    """No file is longer than 400 lines."""
    lines = {file: len(file.read_text().splitlines()) for file in python_files(package)}
    assert {str(file): n for file, n in lines.items() if n > LONGEST_FILE} == {}


def test_every_module_says_what_it_holds() -> None:
    """Every module of the program opens with a docstring."""
    silent = [
        str(file.relative_to(ROOT))
        for file in python_files("proxy", "registrar_adapters", "escrow")
        if file.name != "__init__.py" and not ast.get_docstring(ast.parse(file.read_text()))
    ]
    assert silent == []


def test_every_test_states_its_rule() -> None:
    """Every test has a docstring of one line, a sentence."""
    wrong = []
    for file in python_files("tests"):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if node.name.startswith("test_"):
                stated = (ast.get_docstring(node) or "").strip()
                if not stated or "\n\n" in stated or stated[-1] not in ".!?":
                    wrong.append(f"{file.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert wrong == []


def test_every_suppression_names_its_rule_and_reason() -> None:
    """`noqa` and `type: ignore` name a code, and a reason stands beside it."""
    suppression = re.compile(r"#\s*(noqa|type:\s*ignore)(?P<rest>.*)$")
    reasoned = {
        "noqa": re.compile(r"^: [A-Z]+[0-9]+(, ?[A-Z]+[0-9]+)* +\S"),
        "type": re.compile(r"^\[[a-z-]+(, ?[a-z-]+)*\]\s+(#|-)?\s*\S"),
    }
    bare = []
    for file in python_files(*PACKAGES):
        if file == Path(__file__):
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = suppression.search(line)
            if found and not reasoned[found[1][:4]].match(found["rest"]):
                bare.append(f"{file.relative_to(ROOT)}:{number}")
    assert bare == []


def test_nothing_names_a_machine_or_a_registry() -> None:
    """No tracked file names a package registry's address or a path of somebody's machine."""
    found = []
    here = (*FOREIGN, f"{ROOT}/")
    for file in tracked_files():
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            named = [word for word in here if word in line.replace("--no-emit-index-url", "")]
            found += [f"{file.relative_to(ROOT)}:{number} {word}" for word in named]
    assert found == []


@pytest.mark.parametrize("lock", ["requirements.lock", "tests/peers/requirements.lock"])
def test_locks_pin_by_hash_and_name_no_address(lock: str) -> None:
    """Every locked package has a version and a hash, and nothing says where it came from."""
    text = (ROOT / lock).read_text()
    entries = [e for e in re.split(r"\n(?=\S)", text.strip()) if e and not e.startswith("#")]
    assert len(entries) > 10
    assert [e.split()[0] for e in entries if "==" not in e or "--hash=sha256:" not in e] == []
    assert "://" not in text
    assert "file:" not in text
