"""`registrar`, `reseller`, `profile`: what they take, print and refuse before any database."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from proxy.errors import InvalidInput
from proxy.model.identifiers import ApiKeyId, ResellerId, Scope
from proxy.run.cli import account_words, main, registrar_keys
from proxy.store.accounts import KeptKey
from proxy.store.quotas import Quota

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ID = "0198c0de-0000-7000-8000-000000000001"


def kept(number: int, ends: datetime | None) -> KeptKey:
    """A key of a reseller."""
    return KeptKey(
        id=ApiKeyId(f"{number:016x}"),
        scopes=frozenset({Scope.REGISTRATIONS_READ, Scope.IMPORTS_WRITE}),
        reseller=ResellerId("Web\x1bworks"),
        created_at=NOW,
        revoked_at=ends,
    )


def test_a_key_is_good_rotated_or_ended() -> None:
    """By the moment its end lies at."""
    rows = account_words.key_rows([kept(1, None), kept(2, NOW + HOUR), kept(3, NOW)], NOW)
    assert [row["state"] for row in rows] == ["good", "rotated", "ended"]
    assert rows[0]["scopes"] == ["imports:write", "registrations:read"]


def test_a_table_is_plain_and_json_is_whole(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing that moves a cursor is printed; programs get every member."""
    rows = account_words.key_rows([kept(1, None)], NOW)
    assert account_words.tell(rows, registrar_keys.COLUMNS, as_json=False) == 0
    shown = capsys.readouterr().out
    assert "\x1b" not in shown
    assert "imports:write, registrations:read" in shown
    account_words.tell(rows, registrar_keys.COLUMNS, as_json=True)
    assert json.loads(capsys.readouterr().out) == rows


def test_a_quota_tells_what_is_left() -> None:
    """Never less than nothing; unknown while it is not counted."""
    quotas = (
        Quota(reseller=None, names=5, used=7),
        Quota(reseller=ResellerId("a"), names=5, used=2),
        Quota(reseller=ResellerId("b"), names=5, used=None),
    )
    assert [row["left"] for row in account_words.quota_rows(quotas)] == [0, 3, None]
    assert len(account_words.quota_rows(quotas, ResellerId("a"))) == 1


@pytest.mark.parametrize("text", ["", ",", "all", "registrations:read,zq"])
def test_unknown_scopes_are_answered_with_those_there_are(text: str) -> None:
    """The sentence lists them and does not repeat what was given."""
    with pytest.raises(InvalidInput) as refused:
        registrar_keys.scopes_of(text)
    assert "imports:write" in refused.value.detail
    assert "zq" not in refused.value.detail


def test_scopes_are_read_with_spaces_and_twice() -> None:
    """Commas part them."""
    assert registrar_keys.scopes_of(" imports:write, imports:write,") == {Scope.IMPORTS_WRITE}


def test_a_whole_key_given_for_its_id_is_not_repeated() -> None:
    """Somebody who pastes the secret does not find it in a log."""
    secret = "pp_0123456789abcdef_" + "A" * 43
    with pytest.raises(InvalidInput) as refused:
        registrar_keys.key_id(secret)
    assert "AAA" not in refused.value.detail
    assert registrar_keys.key_id("0123456789abcdef") == "0123456789abcdef"


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "a\x1b[1m", "x" * 256])
def test_names_that_answers_could_not_show_are_refused(name: str) -> None:
    """Empty, too long, or with characters that do not print."""
    with pytest.raises(InvalidInput):
        account_words.printable(name, "NAME")


@pytest.mark.parametrize(
    "words",
    [
        ("registrar",),
        ("registrar", "show", "not-an-id"),
        ("registrar", "key"),
        ("registrar", "key", "rotate", "0123456789abcdef", "--overlap-hours", "many"),
        ("registrar", "quota", ID, "--names", "all"),
        ("reseller", "add", ID),
        ("profile", "add", "file.json"),
    ],
)
def test_wrong_use_ends_with_2(words: tuple[str, ...]) -> None:
    """What argparse refuses."""
    with pytest.raises(SystemExit) as ended:
        main.main(words)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "words",
    [
        ("registrar", "key", "rotate", "0123456789abcdef", "--overlap-hours", "99999"),
        ("registrar", "key", "rotate", "pp_x"),
        ("registrar", "key", "add", ID, "--scopes", "everything"),
        ("registrar", "quota", ID, "--names", "-1"),
        ("registrar", "accreditation", "add", ID, "--name", "X"),
        ("registrar", "accreditation", "add", ID, "--name", "X", "--id", "No Slug"),
        ("reseller", "add", ID, "\x07"),
        ("profile", "check", "/nonexistent.json"),
    ],
)
def test_a_reason_is_given_before_any_database_is_asked(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 1 and a sentence."""
    assert main.main((*words, "--data-dir", str(tmp_path / "none"))) == 1
    said = capsys.readouterr().err
    assert "bug" not in said
    assert "start it" not in said


def test_profile_check_lists_every_fault_and_needs_no_service(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All pointers on standard error, as JSON where it is asked for."""
    file = tmp_path / "profile.json"
    file.write_text('{"id": "X Y", "trust": "zq"}')
    where = ("--data-dir", str(tmp_path / "none"))
    assert main.main(("profile", "check", str(file), "--json", *where)) == 1
    told = capsys.readouterr()
    pointers = {one["pointer"] for one in json.loads(told.out)}
    assert {"/id", "/trust", "/whois", "/rdap", "/abuse"} <= pointers
    assert all(pointer in told.err for pointer in pointers)
    assert "zq" not in told.err


@pytest.mark.parametrize("command", ["registrar", "reseller", "profile"])
def test_every_action_shows_an_example(command: str) -> None:
    """The help of each action ends with a line that can be typed."""
    parser = argparse.ArgumentParser()
    main._command(command).configure(parser)
    found = list(_actions(parser))
    assert found
    for one in found:
        assert f"privacyproxy {command}" in (one.epilog or "")


def _actions(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    found: list[argparse.ArgumentParser] = []
    for one in parser._actions:
        if isinstance(one, argparse._SubParsersAction):
            for below in one.choices.values():
                found += [below, *_actions(below)]
    return found
