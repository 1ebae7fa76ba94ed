"""Tokens of links: good once, for their time, for one party of one case; only hashes are kept."""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from proxy.errors import NotFound
from proxy.model.case import CaseId, NoticeId
from proxy.model.identifiers import RegistrationId
from proxy.model.link import DEEDS, FOR, LIFE, Level, Link, Purpose
from proxy.model.notice import Party
from proxy.vault import state, tokens
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from proxy.vault.tokens import Tokens
    from tests.support.vault import Vault

NOW = vaults.START
SECOND = timedelta(seconds=1)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    """A vault after its first start."""
    with vaults.opened(tmp_path) as made:
        yield made


@pytest.fixture
def table(vault: Vault) -> Tokens:
    """Its tokens."""
    return vault.state.tokens


def link(purpose: Purpose = Purpose.ANSWER, **changes: object) -> Link:
    """What a registrant gets."""
    whole = Link(
        purpose=purpose,
        party=Party.REGISTRANT,
        case_id=CaseId(uuid4()),
        notice_id=NoticeId(uuid4()),
        subject="",
        tenant_id=vaults.TENANT,
        registration_id=RegistrationId(uuid4()),
        made_at=NOW,
    )
    return replace(whole, **changes)  # type: ignore[arg-type] # the fields of a Link


def is_unknown(table: Tokens, token: str, now: object = NOW, session: str = "") -> bool:
    """Whether a token is good for nothing."""
    try:
        if table.find(token, now).purpose in DEEDS:  # type: ignore[arg-type] # a moment
            table.take(token, now)  # type: ignore[arg-type] # a moment
            return False
        table.use(token, now, secrets.token_bytes, session=session)  # type: ignore[arg-type] # a moment
    except NotFound as fault:
        return fault.code == "token_unknown"
    return False


def test_a_token_is_good_once(table: Tokens) -> None:
    """It gives its link and a session; again, or another's, it gives nothing."""
    made = link()
    token = table.mint(made, secrets.token_bytes)
    assert len(token) == 43
    assert table.find(token, NOW) == table.find(token, NOW) == made
    session, standing = table.use(token, NOW, secrets.token_bytes)
    assert standing.link == made
    assert standing == table.session(session, NOW)
    assert is_unknown(table, token)
    assert is_unknown(table, session)
    assert is_unknown(table, "")
    with pytest.raises(NotFound, match="token_unknown"):
        table.find(token, NOW)
    with pytest.raises(NotFound, match="session_unknown"):
        table.session(token, NOW)


@pytest.mark.parametrize("purpose", Purpose)
def test_a_token_has_its_time(table: Tokens, purpose: Purpose) -> None:
    """Fourteen days, a step-up half an hour, a verification thirty days; not a second more."""
    own = {Purpose.STEP_UP: timedelta(minutes=30), Purpose.VERIFY: timedelta(days=30)}
    life = own.get(purpose, timedelta(days=14))
    assert LIFE[purpose] == life
    token = table.mint(link(purpose), secrets.token_bytes)
    table.find(token, NOW + life - SECOND)
    assert is_unknown(table, token, NOW + life)


def test_a_session_has_its_time(table: Tokens) -> None:
    """An hour."""
    session, _ = table.use(table.mint(link(), secrets.token_bytes), NOW, secrets.token_bytes)
    table.session(session, NOW + timedelta(minutes=60) - SECOND)
    with pytest.raises(NotFound, match="session_unknown"):
        table.session(session, NOW + timedelta(minutes=60))


def test_a_notices_links_go_together(table: Tokens) -> None:
    """A relay that lost an answer asks twice; who uses one link uses up the other."""
    made, other = link(), link()
    several = [table.mint(made, secrets.token_bytes) for _ in range(3)]
    kept = table.mint(other, secrets.token_bytes)
    table.use(several[1], NOW, secrets.token_bytes)
    assert all(is_unknown(table, one) for one in several)
    assert not is_unknown(table, kept)


def test_a_notice_has_so_many_links_at_most(table: Tokens) -> None:
    """Of a relay that asks for days only the newest are good, and the state does not grow."""
    made = link()
    several = [table.mint(made, secrets.token_bytes) for _ in range(tokens.FELLOWS + 3)]
    assert [is_unknown(table, one) for one in several[:3]] == [True] * 3
    assert table.find(several[3], NOW) == table.find(several[-1], NOW) == made
    table.use(several[-1], NOW, secrets.token_bytes)
    assert all(is_unknown(table, one) for one in several)


def test_a_step_up_raises_a_session_of_its_case(table: Tokens) -> None:
    """For half an hour, under the same id; it makes no session by itself."""
    made = link()
    session, _ = table.use(table.mint(made, secrets.token_bytes), NOW, secrets.token_bytes)
    later = NOW + timedelta(minutes=50)
    up = link(
        Purpose.STEP_UP,
        case_id=made.case_id,
        made_at=later,
    )
    token = table.mint(up, secrets.token_bytes)
    found, standing = table.use(token, later, secrets.token_bytes, session=session)
    assert found == session
    assert standing.link == made
    assert standing.level(later) is Level.STEP_UP
    assert standing == table.session(session, later)
    end = later + timedelta(minutes=30)
    assert standing.level(end - SECOND) is Level.STEP_UP
    assert standing.level(end) is Level.LINK
    assert standing.until == end
    assert is_unknown(table, token, later, session)


def test_a_step_up_needs_the_right_session(table: Tokens) -> None:
    """None, another case's or another party's leave session and token as they were."""
    made = link()
    session, before = table.use(table.mint(made, secrets.token_bytes), NOW, secrets.token_bytes)
    cases: list[tuple[dict[str, object], str]] = [
        ({"case_id": made.case_id}, ""),
        ({"case_id": CaseId(uuid4())}, session),
        ({"case_id": made.case_id, "party": Party.REQUESTER}, session),
    ]
    for wrong, given in cases:
        token = table.mint(link(Purpose.STEP_UP, **wrong), secrets.token_bytes)
        with pytest.raises(NotFound, match="session_unknown"):
            table.use(token, NOW, secrets.token_bytes, session=given)
        table.find(token, NOW)
        assert table.session(session, NOW) == before


def test_the_state_holds_hashes_alone(vault: Vault, table: Tokens) -> None:
    """Neither token nor session stands in any file."""
    token = table.mint(link(), secrets.token_bytes)
    other = table.mint(link(), secrets.token_bytes)
    session, _ = table.use(token, NOW, secrets.token_bytes)
    folder = vault.key_dir / "vault" / state.DIRECTORY
    octets = b"".join(path.read_bytes() for path in folder.iterdir())
    for secret in (token, other, session):
        assert secret.encode() not in octets


def test_they_outlive_the_process(vault: Vault) -> None:
    """A restart forgets neither what is good nor what was used."""
    used, good = (vault.state.tokens.mint(link(), secrets.token_bytes) for _ in range(2))
    session, standing = vault.state.tokens.use(used, NOW, secrets.token_bytes)
    vault.state.close()
    vault.open()
    table = vault.state.tokens
    assert table.session(session, NOW) == standing
    assert is_unknown(table, used)
    assert not is_unknown(table, good)


@pytest.mark.parametrize("place", range(1, 5))
def test_a_use_that_breaks_off_has_not_happened(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, place: int
) -> None:
    """Wherever in its writes it stops: the token is good still, and no session was made."""
    table = vault.state.tokens
    token = table.mint(link(), secrets.token_bytes)

    class Stopped(Exception):
        pass

    def stop_at(transaction: Any) -> Any:
        """The transaction, stopping at its n-th write."""
        left = [place]

        def counted(name: str) -> Any:
            def write(*given: Any) -> Any:
                left[0] -= 1
                if not left[0]:
                    raise Stopped
                return getattr(transaction, name)(*given)

            return write

        writes = {name: counted(name) for name in ("put", "delete", "pop")}
        return SimpleNamespace(get=transaction.get, **writes)

    @contextlib.contextmanager
    def begin(**given: Any) -> Iterator[Any]:
        with vault.state._environment.begin(**given) as transaction:
            yield stop_at(transaction)

    with monkeypatch.context() as patched:
        patched.setattr(table, "_environment", SimpleNamespace(begin=begin))
        with contextlib.suppress(Stopped):
            table.use(token, NOW, secrets.token_bytes)
            assert place > 4
    with vault.state._environment.begin(db=vault.state._tables[b"tokens"]) as transaction:
        assert not [key for key, _ in transaction.cursor().iternext() if bytes(key)[:1] == b"S"]
    table.use(token, NOW, secrets.token_bytes)


def test_what_is_over_is_forgotten(
    vault: Vault, table: Tokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page at a time with every new link, round and round; what is good stays."""
    monkeypatch.setattr(tokens, "PAGE", 4)
    for _ in range(10):
        table.mint(link(), secrets.token_bytes)
    session, _ = table.use(table.mint(link(), secrets.token_bytes), NOW, secrets.token_bytes)
    later = NOW + timedelta(days=15)
    good = [table.mint(link(made_at=later), secrets.token_bytes) for _ in range(30)]
    with vault.state._environment.begin(db=vault.state._tables[b"tokens"]) as transaction:
        assert transaction.stat(vault.state._tables[b"tokens"])["entries"] == 60
    assert {table.find(one, later).made_at for one in good} == {later}
    with pytest.raises(NotFound):
        table.session(session, later)


def test_a_session_can_be_ended(table: Tokens) -> None:
    """By whom it belongs to; twice is no fault."""
    session, _ = table.use(table.mint(link(), secrets.token_bytes), NOW, secrets.token_bytes)
    table.end_session(session)
    table.end_session(session)
    with pytest.raises(NotFound):
        table.session(session, NOW)


def test_every_purpose_is_somebodys() -> None:
    """The table of links names each, and a package is the requester's alone."""
    assert frozenset().union(*FOR.values()) | DEEDS == set(Purpose)
    assert not DEEDS & frozenset().union(*FOR.values())
    assert Purpose.PACKAGE not in FOR[Party.REGISTRANT]
    assert Purpose.ANSWER not in FOR[Party.REQUESTER]


def test_a_deeds_token_gives_no_session(table: Tokens) -> None:
    """Nor does one that gives a session do a deed; either stays as it was after the wrong use."""
    made = link(Purpose.VERIFY, case_id=None, subject="7")
    deed, other = table.mint(made, secrets.token_bytes), table.mint(link(), secrets.token_bytes)
    fellow = table.mint(made, secrets.token_bytes)
    with pytest.raises(NotFound, match="token_unknown"):
        table.use(deed, NOW, secrets.token_bytes)
    with pytest.raises(NotFound, match="token_unknown"):
        table.take(other, NOW)
    assert table.take(deed, NOW) == made
    for gone in (deed, fellow):
        with pytest.raises(NotFound, match="token_unknown"):
            table.take(gone, NOW)
    table.use(other, NOW, secrets.token_bytes)


def test_tokens_of_before_there_were_letters_are_read(vault: Vault, table: Tokens) -> None:
    """A value as it was written then, with its case, is the link that it was."""
    made = link()
    token = table.mint(made, secrets.token_bytes)
    content = (
        f'{{"purpose":"answer","party":"registrant","case":"{made.case_id}",'
        f'"notice":"{made.notice_id}","subject":"","tenant":"{made.tenant_id}",'
        f'"registration":"{made.registration_id}","made_at":"2026-11-01T12:00:00Z"}}'
    )
    with vault.state._environment.begin(write=True, db=vault.state._tables[b"tokens"]) as writing:
        cursor = writing.cursor()
        assert cursor.set_range(b"T")
        key, value = bytes(cursor.key()), bytes(cursor.value())
        assert value[8:] == content.encode()
        writing.put(key, value[:8] + content.encode())
    assert table.find(token, NOW) == made
