"""Where the root key's pass phrase may come from, and what is refused in which words."""

from __future__ import annotations

import getpass
import os
import sys
from typing import TYPE_CHECKING

import pytest

from proxy import settings as settings_module
from proxy.errors import InvalidInput, Unavailable
from proxy.hosting import boot as boots
from proxy.hosting.process import Paths
from proxy.run import root_phrase
from proxy.vault.root_key import Provider

if TYPE_CHECKING:
    from pathlib import Path

    from proxy.settings import Settings

PHRASE = "seven tall ships wait for the tide"


def settings(base: Path, **given: object) -> Settings:
    """Settings with the root wrapped, and what is given."""
    flags = {"data_dir": str(base / "data"), "root_provider": "passphrase", **given}
    return settings_module.read(config=None, environ={}, flags=flags)


def in_file(base: Path, content: bytes, mode: int = 0o600) -> Settings:
    """Settings that name a file of that content."""
    path = base / "phrase"
    path.write_bytes(content)
    path.chmod(mode)
    return settings(base, root_passphrase_file=str(path))


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
@pytest.mark.parametrize("mode", [0o600, 0o400, 0o440])
def test_a_file_holds_one_line(tmp_path: Path, ending: bytes, mode: int) -> None:
    """The end of the line is not the phrase's; groups may read, as with systemd's credentials."""
    found = root_phrase.wanted(in_file(tmp_path, PHRASE.encode() + ending, mode))
    assert (found.provider, found.phrase) == (Provider.PASSPHRASE, PHRASE)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\n", b"two\nlines", PHRASE.encode() + b"\n\n", b"\xff\xfe", b"a\0b", b"tab\tbed",
        b"\xef\xbb\xbf" + PHRASE.encode(), b"a" * 1025, b"a" * 9000,
    ],
)  # fmt: skip
def test_what_is_no_line_of_text_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, long, of several lines or not to be printed: one sentence, without the content."""
    with pytest.raises(Unavailable, match="root_passphrase_form") as fault:
        root_phrase.wanted(in_file(tmp_path, content))
    assert "one line of printable text" in fault.value.detail


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o644, 0o666])
def test_a_file_of_others_is_refused(tmp_path: Path, mode: int) -> None:
    """Whoever may read it may start the vault, and whoever may write it may keep us from it."""
    with pytest.raises(Unavailable, match="root_passphrase_open"):
        root_phrase.wanted(in_file(tmp_path, PHRASE.encode(), mode))


@pytest.mark.parametrize("where", ["data", "data.keys/vault", "link"])
def test_a_file_beside_what_it_protects_is_refused(tmp_path: Path, where: str) -> None:
    """In the data or the key directory it would be in their backups; a link changes nothing."""
    inside = tmp_path / "data.keys" / "vault"
    inside.mkdir(parents=True)
    (tmp_path / "data").mkdir()
    path = tmp_path / where / "phrase"
    if where == "link":
        (inside / "phrase").write_text(PHRASE)
        path = tmp_path / "link"
        path.symlink_to(inside / "phrase")
    with pytest.raises(Unavailable, match="root_passphrase_place"):
        root_phrase.wanted(settings(tmp_path, root_passphrase_file=str(path)))


def test_a_pipe_in_the_place_of_a_file_will_do(tmp_path: Path) -> None:
    """A shell's process substitution is a path as well."""
    reading, writing = os.pipe()
    os.write(writing, PHRASE.encode())
    os.close(writing)
    given = settings(tmp_path, root_passphrase_file=f"/dev/fd/{reading}")
    assert root_phrase.wanted(given).phrase == PHRASE
    os.close(reading)


def test_a_descriptor_is_read_to_its_end_and_closed(tmp_path: Path) -> None:
    """Nobody who is started later inherits it; one that is not open is a sentence."""
    reading, writing = os.pipe()
    os.write(writing, PHRASE.encode() + b"\n")
    os.close(writing)
    given = settings(tmp_path, root_passphrase_fd=reading)
    assert root_phrase.wanted(given).phrase == PHRASE
    with pytest.raises(Unavailable, match="root_passphrase_fd"):
        root_phrase.wanted(given)


def test_two_sources_are_one_too_many(tmp_path: Path) -> None:
    """File and descriptor together are a fault of the settings."""
    with pytest.raises(InvalidInput, match="invalid_settings") as fault:
        settings(tmp_path, root_passphrase_file=str(tmp_path / "x"), root_passphrase_fd=3)
    assert "root_passphrase_fd: root_passphrase_file is set" in fault.value.detail


def test_an_open_root_asks_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a provider nobody is asked, and a source that is set is read all the same."""
    monkeypatch.setattr(root_phrase, "ask", lambda *_, **__: pytest.fail("asked"))
    found = root_phrase.wanted(settings(tmp_path, root_provider="file"))
    assert (found.provider, found.phrase) == (Provider.FILE, None)


class _Terminal:
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ((PHRASE, PHRASE), None),
        ((PHRASE, PHRASE.upper()), "root_passphrase_differs"),
        (("a\tb", "a\tb"), "root_passphrase_form"),
        (("\udcff" * 30, "\udcff" * 30), "root_passphrase_form"),
        (("", ""), "root_passphrase_form"),
        ((), "root_passphrase_nobody"),
    ],
)
def test_what_is_typed_is_held_to_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: tuple[str, ...], code: str | None
) -> None:
    """A new phrase is typed twice, and must be one that a file could hold as well."""
    typed = iter(answers)

    def answer(_question: str) -> str:
        for one in typed:
            return one
        raise EOFError

    monkeypatch.setattr(sys, "stdin", _Terminal())
    monkeypatch.setattr(getpass, "getpass", answer)
    if code is None:
        assert root_phrase.wanted(settings(tmp_path), is_new=True).phrase == PHRASE
        return
    with pytest.raises(Unavailable, match=code):
        root_phrase.wanted(settings(tmp_path), is_new=True)


def test_a_boot_document_carries_it_and_does_not_show_it(tmp_path: Path) -> None:
    """What reaches the vault is the phrase; what a traceback would show is not."""
    paths = Paths(data_dir=tmp_path, key_dir=tmp_path, run_dir=tmp_path, scratch_dir=tmp_path)
    made = boots.Boot(
        role="vault", index=0, parent=1, control=3, sockets={}, users={}, drop_to=None,
        settings=settings(tmp_path), login=None, paths=paths, root_phrase=PHRASE,
    )  # fmt: skip
    assert boots.load(boots.dump(made)) == made
    assert PHRASE not in repr(made)
