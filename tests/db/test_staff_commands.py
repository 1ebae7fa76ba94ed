"""Staff from the command line: `staff` beside the service, `sign-in` on a machine of one's own."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from proxy.errors import InvalidInput, ProxyError, Refused
from proxy.model.roster import Person
from proxy.run import enrolling, staff_desk
from proxy.run import staff as composition
from proxy.run.cli import main as command_line
from proxy.run.staff_desk import WebDesk
from tests.support import web as webs
from tests.support.staff import CHEAP, password_of, ssh_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.database import Database
    from tests.support.web import Web

pytestmark = pytest.mark.db
HOST = "127.0.0.1"


@pytest_asyncio.fixture
async def web(
    tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Web]:
    """The web role, with cheap hashes; its base address is not what clients connect to."""
    cheap = composition.reception
    monkeypatch.setattr(
        composition, "reception", lambda process, pool, admit: cheap(process, pool, admit, CHEAP)
    )
    monkeypatch.setattr(enrolling, "operator_access", lambda _: database.access("operator"))
    async with webs.serving(tmp_path, database, web_base_url=f"http://{HOST}") as made:
        yield made


async def command(*words: str | Path) -> int:
    """The exit code of a command."""
    return await asyncio.to_thread(command_line.main, list(map(str, words)))


def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """What a command printed last; the web role in this process logs before it."""
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def secret(folder: Path, name: str, content: str) -> Path:
    """A file of its owner's alone."""
    path = folder / name
    path.write_text(f"{content}\n")
    path.chmod(0o600)
    return path


def key_file(folder: Path, name: str) -> Path:
    """A private key's file."""
    path = folder / f"{name}.key"
    path.write_bytes(ssh_key(name).private_file())
    path.chmod(0o600)
    return path


async def hired(
    folder: Path, capsys: pytest.CaptureFixture[str], web: Web, name: str, roles: str
) -> Path:
    """Somebody invited, enrolled and signed in by the commands; their session's file."""
    capsys.readouterr()
    assert await command("staff", "add", name, "--roles", roles) == 0
    made = printed(capsys)
    code = secret(folder, f"{name}.code", made["code"])
    password = secret(folder, f"{name}.password", password_of(name))
    session = folder / f"{name}.session"
    done = await command(
        "sign-in", "--web", web.origin, "--person", name, "--key", key_file(folder, name),
        "--enrol", "--code-file", code, "--password-file", password, "--session", session,
    )  # fmt: skip
    assert done == 0, capsys.readouterr().err
    return session


async def test_from_invitation_to_session_by_command(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Add, enrol, sign in, ask, change the password: each in one command."""
    session = await hired(tmp_path, capsys, web, "ben", "handler,decider")
    assert session.stat().st_mode & 0o777 == 0o600
    desk = staff_desk.open_session(session)
    who = await asyncio.to_thread(desk.call, "GET", "/staff/session")
    assert (who["person"], who["roles"], who["level"]) == ("ben", ["decider", "handler"], "key")
    assert "session" not in who

    done = await command(
        "sign-in", "--web", web.origin, "--person", "ben", "--key", tmp_path / "ben.key",
        "--password-file", tmp_path / "ben.password", "--change-password",
        "--new-password-file", secret(tmp_path, "new", password_of("ben again")),
        "--session", session,
    )  # fmt: skip
    assert done == 0, capsys.readouterr().err
    with pytest.raises(ProxyError, match="unauthorized"):
        await asyncio.to_thread(desk.call, "GET", "/staff/session")
    assert await asyncio.to_thread(
        staff_desk.open_session(session).call, "POST", "/staff/sign-out"
    ) == {}  # fmt: skip
    with pytest.raises(ProxyError, match="unauthorized"):
        await asyncio.to_thread(staff_desk.open_session(session).call, "GET", "/staff/session")

    assert await command("staff", "list") == 0
    assert (
        "ben                               active     decider, handler" in capsys.readouterr().out
    )
    assert await command("staff", "roles", "ben", "--roles", "auditor") == 0
    assert await command("staff", "roles", "ben", "--roles", "king") == 1
    assert await command("staff", "suspend", "ben") == 0
    assert await command("staff", "add", "ben", "--again") == 1
    assert await command("staff", "add", "Ben Smith", "--roles", "handler") == 1
    said = capsys.readouterr()
    assert password_of("ben") not in said.out + said.err


async def test_two_administrators_recover_by_command(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One begins, another agrees and is shown the code; each with a session of their own."""
    adam = await hired(tmp_path, capsys, web, "adam", "administrator")
    eve = await hired(tmp_path, capsys, web, "eve", "administrator")
    await hired(tmp_path, capsys, web, "ben", "handler")
    capsys.readouterr()
    assert await command("staff", "recover", "ben", "--session", adam) == 0
    recovery = printed(capsys)["recovery"]
    assert await command("staff", "recover", "--approve", recovery, "--session", adam) == 1
    assert "not the one who began" in capsys.readouterr().err
    assert await command("staff", "recover", "--approve", recovery, "--session", eve) == 0
    made = printed(capsys)
    assert made["person"] == "ben"
    done = await command(
        "sign-in", "--web", web.origin, "--person", "ben", "--key", tmp_path / "ben.key",
        "--enrol", "--code-file", secret(tmp_path, "code", made["code"]),
        "--password-file", secret(tmp_path, "next", password_of("ben again")),
        "--session", tmp_path / "ben.session",
    )  # fmt: skip
    assert done == 0, capsys.readouterr().err

    # An administrator may suspend others, and not themselves.
    desk = staff_desk.open_session(eve)
    assert await asyncio.to_thread(desk.call, "POST", "/staff/people/ben/suspension") == {}
    with pytest.raises(Refused, match="staff_own_account"):
        await asyncio.to_thread(desk.call, "POST", "/staff/people/eve/suspension")


async def test_a_weak_password_is_explained_by_command(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every fault is a line; the code stays good."""
    assert await command("staff", "add", "ben", "--roles", "handler") == 0
    code = secret(tmp_path, "code", printed(capsys)["code"])
    done = await command(
        "sign-in", "--web", web.origin, "--person", "ben", "--key", key_file(tmp_path, "ben"),
        "--enrol", "--code-file", code, "--password-file", secret(tmp_path, "weak", "Welcome1"),
        "--session", tmp_path / "session",
    )  # fmt: skip
    said = capsys.readouterr().err
    assert done == 1
    assert "Take at least 12 characters." in said
    assert "everybody tries first" in said
    assert "Welcome1" not in said
    assert not (tmp_path / "session").exists()


async def test_another_site_is_not_signed_for(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service that calls itself something else than was meant gets no signature."""
    await hired(tmp_path, capsys, web, "ben", "handler")
    words: list[str | Path] = [
        "sign-in", "--web", web.origin.replace(HOST, "localhost"), "--person", "ben",
        "--key", tmp_path / "ben.key", "--password-file", tmp_path / "ben.password",
        "--session", tmp_path / "other",
    ]  # fmt: skip
    assert await command(*words) == 1
    assert "--site 127.0.0.1" in capsys.readouterr().err
    assert await command(*words, "--site", HOST) == 0


async def test_secrets_of_others_are_not_read(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A password or session that others may read is refused, as a key is."""
    session = await hired(tmp_path, capsys, web, "ben", "handler")
    session.chmod(0o644)
    with pytest.raises(Refused, match="session_mode"):
        staff_desk.open_session(session)
    (tmp_path / "ben.password").chmod(0o640)
    done = await command(
        "sign-in", "--web", web.origin, "--person", "ben", "--key", tmp_path / "ben.key",
        "--password-file", tmp_path / "ben.password", "--session", session,
    )  # fmt: skip
    assert done == 1
    assert "chmod 600" in capsys.readouterr().err
    session.write_text("{")
    session.chmod(0o600)
    with pytest.raises(InvalidInput, match="session_file"):
        staff_desk.open_session(session)
    with pytest.raises(Refused, match="session_missing"):
        staff_desk.open_session(tmp_path / "none")


async def test_a_desk_signs_nothing_for_a_hostile_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that are none end before a key is used."""
    for answer in (
        {},
        {"attempt": "x", "site": HOST, "nonce": "!"},
        {"attempt": "x", "site": "evil\u001b[2J", "nonce": "AAAA"},
        {"attempt": 7, "site": HOST, "nonce": "AAAA"},
    ):
        monkeypatch.setattr(WebDesk, "call", lambda *_, said=answer: said)
        with pytest.raises(ProxyError) as caught:
            WebDesk("http://127.0.0.1:1").sign_in(
                Person("ben"), "x", tmp_path / "no key", lambda: None, HOST
            )
        assert caught.value.detail.isprintable()
