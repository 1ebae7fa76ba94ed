"""Single-use tokens out of notices, and the sessions they give, in the vault's own state.

A table of hashes: who reads the state has no token and no session. A token is 256 random bits, so
that hashing it once is enough and no budget is needed against guessing; using it takes it, its
fellows of the same notice (a relay that lost an answer asks twice) and makes the session in one
transaction, so that a crash leaves either the token or the session. Never a key, never personal
data. Source: vault.md, Grants (registrant); FORMAT.md, Links.
"""

from __future__ import annotations

import base64
import struct
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from proxy.errors import NotFound
from proxy.model.case import CaseId, NoticeId
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.model.link import DEEDS, LIFE, RAISED, SESSION, Link, Purpose, Session
from proxy.model.notice import Party
from proxy.vault import primitives

if TYPE_CHECKING:
    from collections.abc import Callable

    import lmdb
    from lmdb import _Database

SECRET_OCTETS = 32
PAGE = 256  # entries looked at for their end with every link that is made
_UNTIL = struct.Struct(">Q")  # seconds since 1970, before every value
_TOKEN, _SESSION, _NOTICE = b"T", b"S", b"N"
_HASH_OCTETS = 32
FELLOWS = 32  # links of one notice: a relay that can not deliver asks anew for days
_KEPT_OCTETS = (FELLOWS - 1) * _HASH_OCTETS


class _Kept(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, omit_defaults=True, kw_only=True
):
    purpose: Purpose
    party: Party
    case: UUID | None = None
    notice: UUID
    subject: str
    tenant: UUID
    registration: UUID
    made_at: datetime
    raised_until: datetime | None = None


_KEPT = msgspec.json.Decoder(_Kept)


class Tokens:
    """The table; every change is durable when the call returns."""

    def __init__(self, environment: lmdb.Environment, table: _Database) -> None:
        self._environment = environment
        self._table = table
        self._place = b""  # where `_forget` goes on; a restart begins anew

    def mint(self, link: Link, random: Callable[[int], bytes]) -> str:
        """A new token for a link, good from `link.made_at` on for its purpose's life."""
        token = _text(random(SECRET_OCTETS))
        digest, now = _digest(b"pp-token-v1", token), link.made_at
        until = now + LIFE[link.purpose]
        fellows = _NOTICE + link.notice_id.bytes
        with self._environment.begin(write=True, db=self._table) as transaction:
            self._forget(transaction, now)
            before = transaction.get(fellows)
            known = b"" if before is None else bytes(before)[_UNTIL.size :]
            latest = until if before is None else max(until, _end(before))
            oldest, known = known[:-_KEPT_OCTETS], known[-_KEPT_OCTETS:]
            for start in range(0, len(oldest), _HASH_OCTETS):
                transaction.delete(_TOKEN + oldest[start : start + _HASH_OCTETS])
            transaction.put(_TOKEN + digest, _render(until, link))
            transaction.put(fellows, _UNTIL.pack(int(latest.timestamp())) + known + digest)
        return token

    def find(self, token: str, now: datetime) -> Link:
        """What a token is good for, untouched; NotFound `token_unknown`."""
        with self._environment.begin(db=self._table) as transaction:
            return _session(transaction.get(_token_key(token)), now, "token_unknown").link

    def use(
        self, token: str, now: datetime, random: Callable[[int], bytes], *, session: str = ""
    ) -> tuple[str, Session]:
        """A session's id and standing; the token and its notice's others are gone.

        A step-up raises the session that is named, of the same party and case, and keeps its id.
        NotFound `token_unknown` or `session_unknown`; then nothing has changed. To a deed's token
        it is as if it never was: see `take`.
        """
        with self._environment.begin(write=True, db=self._table) as transaction:
            link = _session(transaction.get(_token_key(token)), now, "token_unknown").link
            if link.purpose in DEEDS:
                raise _unknown("token_unknown")
            if link.purpose is Purpose.STEP_UP:
                key = _SESSION + _digest(b"pp-session-v1", session)
                standing = _raised(
                    _session(transaction.get(key), now, "session_unknown"), link, now
                )
            else:
                session = _text(random(SECRET_OCTETS))
                key = _SESSION + _digest(b"pp-session-v1", session)
                standing = Session(link=link, until=now + SESSION)
            _spend(transaction, token, link)
            transaction.put(key, _render(standing.until, standing.link, standing.raised_until))
        return session, standing

    def take(self, token: str, now: datetime) -> Link:
        """What a deed's token was good for; it and its notice's others are gone.

        NotFound `token_unknown`, also for a token that gives a session; then nothing has changed.
        """
        with self._environment.begin(write=True, db=self._table) as transaction:
            link = _session(transaction.get(_token_key(token)), now, "token_unknown").link
            if link.purpose not in DEEDS:
                raise _unknown("token_unknown")
            _spend(transaction, token, link)
        return link

    def session(self, session: str, now: datetime) -> Session:
        """Where a session stands; NotFound `session_unknown` when it is over or never was."""
        with self._environment.begin(db=self._table) as transaction:
            key = _SESSION + _digest(b"pp-session-v1", session)
            return _session(transaction.get(key), now, "session_unknown")

    def end_session(self, session: str) -> None:
        """It is over; one that never was is no fault."""
        with self._environment.begin(write=True, db=self._table) as transaction:
            transaction.delete(_SESSION + _digest(b"pp-session-v1", session))

    def _forget(self, transaction: lmdb.Transaction, now: datetime) -> None:
        """Drop what is over among the next PAGE entries, round and round."""
        cursor = transaction.cursor()
        has_place = cursor.set_range(self._place or b"\0")
        found = islice(cursor.iternext(), PAGE) if has_place else ()
        page = [(bytes(key), bytes(value)) for key, value in found]
        for key, value in page:
            if _end(value) <= now:
                transaction.delete(key)
        self._place = page[-1][0] + b"\0" if len(page) == PAGE else b""


def _spend(transaction: lmdb.Transaction, token: str, link: Link) -> None:
    """Take a token, and the others of its notice."""
    fellows = transaction.pop(_NOTICE + link.notice_id.bytes) or b""
    digests = bytes(fellows)[_UNTIL.size :]
    for start in range(0, len(digests), _HASH_OCTETS):
        transaction.delete(_TOKEN + digests[start : start + _HASH_OCTETS])
    transaction.delete(_token_key(token))


def _raised(standing: Session, link: Link, now: datetime) -> Session:
    own = standing.link
    if (own.case_id, own.party) != (link.case_id, link.party):
        raise _unknown("session_unknown")
    raised_until = now + RAISED
    return replace(standing, until=max(standing.until, raised_until), raised_until=raised_until)


def _render(until: datetime, link: Link, raised_until: datetime | None = None) -> bytes:
    kept = _Kept(
        purpose=link.purpose,
        party=link.party,
        case=link.case_id,
        notice=link.notice_id,
        subject=link.subject,
        tenant=link.tenant_id,
        registration=link.registration_id,
        made_at=link.made_at,
        raised_until=raised_until,
    )
    return _UNTIL.pack(int(until.timestamp())) + msgspec.json.encode(kept)


def _session(value: bytes | memoryview[int] | None, now: datetime, code: str) -> Session:
    if value is None or _end(value) <= now:
        raise _unknown(code)
    kept = _KEPT.decode(bytes(value)[_UNTIL.size :])
    link = Link(
        purpose=kept.purpose,
        party=kept.party,
        case_id=None if kept.case is None else CaseId(kept.case),
        notice_id=NoticeId(kept.notice),
        subject=kept.subject,
        tenant_id=TenantId(kept.tenant),
        registration_id=RegistrationId(kept.registration),
        made_at=kept.made_at,
    )
    return Session(link=link, until=_end(value), raised_until=kept.raised_until)


def _end(value: bytes | memoryview[int]) -> datetime:
    seconds: int = _UNTIL.unpack(value[: _UNTIL.size])[0]
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def _token_key(token: str) -> bytes:
    return _TOKEN + _digest(b"pp-token-v1", token)


def _digest(label: bytes, secret: str) -> bytes:
    """The hash kept of a secret of 256 random bits, which no dictionary holds."""
    return primitives.sha256(primitives.joined(label, secret.encode("utf-8", "replace")))


def _text(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode()


def _unknown(code: str) -> NotFound:
    return NotFound(code, "This link or session was used before, is over, or never was.")
