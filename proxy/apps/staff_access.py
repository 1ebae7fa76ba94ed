"""Where staff sign in, out and enrol, and where every other room asks who calls. JSON alone.

A session is a bearer token in the Authorization header: no cookie, so nothing that a browser sends
by itself. No address in an answer comes from the request: what is signed is for the host of the web
role's own base address. Decides nothing itself; no password, code, token or signature is logged.
Mounted by the web role. Source: RFC 6750 s2.1; WebAuthn Level 2 s7.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar
from uuid import UUID

import msgspec
from aiohttp import web

from proxy.apps import pages
from proxy.apps.staff_bodies import (
    Challenge,
    Code,
    Done,
    EnrolledKey,
    Enrolment,
    Opened,
    PasswordChange,
    Recovery,
    Second,
    Session,
    SignIn,
    UsableKey,
)
from proxy.errors import InvalidInput, NotFound, Refused
from proxy.model import approval_key, identifiers, staff
from proxy.model.case import Actor, ActorKind
from proxy.rules import staffing
from proxy.services.staff import (
    authenticate,
    change_password,
    enrol,
    recover,
    sign_in,
    suspend,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.approval_key import ApprovalKey
    from proxy.model.roster import Person
    from proxy.model.staff import SignedIn
    from proxy.ports import Clock
    from proxy.services.staff.invite import Invitation
    from proxy.services.staff.office import Office

BODY_OCTETS: Final = 49_152  # eight keys with passkeys' assertions; protects the parser
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
_T = TypeVar("_T", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """What the handlers need. `client` tells clients apart; `admit` raises RateLimited."""

    office: Office
    clock: Clock
    client: Callable[[web.Request], str]
    admit: Callable[[web.Request], None]

    async def authenticate(self, request: web.Request) -> Actor:
        """The member of staff who calls, for acts on cases.

        InvalidInput `unauthorized`; Refused `password_must_change`, or `staff_no_role` for an
        administrator, who acts on no case.
        """
        who = await self.signed_in(request)
        if who.is_administrator:
            raise Refused("staff_no_role", "An administrator acts on no case.")
        return Actor(kind=ActorKind.STAFF, person=who.person, roles=who.roles)

    async def signed_in(self, request: web.Request, *, may_be_weak: bool = False) -> SignedIn:
        """Whoever calls, administrators too; errors as of `authenticate`."""
        token = _bearer(request)
        who = await authenticate.authenticate(self.office.pool, token, self.clock.now())
        if who.must_change and not may_be_weak:
            raise Refused(
                "password_must_change", "Change your password first: it breaks a rule by now."
            )
        return who


def routes(reception: Reception) -> list[web.RouteDef]:
    """The routes below /staff."""
    desk = _Desk(reception)
    return [
        web.post("/staff/sign-in", desk.sign_in),
        web.post("/staff/sign-in/second", desk.second),
        web.post("/staff/sign-out", desk.sign_out),
        web.get("/staff/session", desk.session),
        web.post("/staff/password", desk.password),
        web.post("/staff/enrol", desk.enrol),
        web.post("/staff/recoveries", desk.open_recovery),
        web.post("/staff/recoveries/{id}/approvals", desk.approve_recovery),
        web.post("/staff/people/{person}/suspension", desk.suspend),
    ]


class _Desk:
    """The handlers."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception
        self._office = reception.office

    async def sign_in(self, request: web.Request) -> web.Response:
        """A challenge for whoever knows the password."""
        body = await self._read(request, SignIn)
        asked = await sign_in.begin(
            self._office,
            staff.parse_person(body.person),
            body.password,
            client=self._reception.client(request),
            now=self._reception.clock.now(),
        )
        keys = (UsableKey(one.id, one.kind.value, one.credential) for one in asked.keys)
        return _answer(
            Challenge(
                attempt=asked.attempt,
                site=self._office.factors.site,
                nonce=approval_key.base64url_text(asked.nonce),
                message=approval_key.base64url_text(asked.message),
                keys=tuple(keys),
                expires_at=asked.expires_at.isoformat(),
            )
        )

    async def second(self, request: web.Request) -> web.Response:
        """A session for whoever signed the challenge."""
        body = await self._read(request, Second)
        opened = await sign_in.finish(
            self._office,
            body.attempt,
            body.key,
            body.signature,
            client=self._reception.client(request),
            now=self._reception.clock.now(),
        )
        return _answer(_session(opened.who, opened.token))

    async def sign_out(self, request: web.Request) -> web.Response:
        """The session is over."""
        self._reception.admit(request)
        now = self._reception.clock.now()
        await authenticate.sign_out(self._office.pool, _bearer(request), now)
        return _answer(Done())

    async def session(self, request: web.Request) -> web.Response:
        """Who is signed in."""
        self._reception.admit(request)
        return _answer(_session(await self._reception.signed_in(request, may_be_weak=True)))

    async def password(self, request: web.Request) -> web.Response:
        """Another password; every session is over."""
        body = await self._read(request, PasswordChange)
        who = await self._reception.signed_in(request, may_be_weak=True)
        await change_password.change_password(
            self._office,
            who.person,
            body.current,
            body.new,
            client=self._reception.client(request),
            now=self._reception.clock.now(),
        )
        return _answer(Done())

    async def enrol(self, request: web.Request) -> web.Response:
        """Whoever has the code is active."""
        body = await self._read(request, Enrolment)
        keys = [enrol.NewKey(key=_key(one), proof=one.proof) for one in body.keys]
        person, now = staff.parse_person(body.person), self._reception.clock.now()
        if person is None:
            raise Refused("invitation_invalid", "The code is not good: ask for another one.")
        await enrol.enrol(self._office, person, body.code, body.password, keys, now=now)
        return _answer(Done())

    async def open_recovery(self, request: web.Request) -> web.Response:
        """A recovery, by the first of two administrators."""
        body = await self._read(request, Recovery)
        who = await self._reception.signed_in(request)
        made = await recover.begin(
            self._office, who, _person(body.person), self._reception.clock.now()
        )
        return _answer(Opened(str(made)))

    async def approve_recovery(self, request: web.Request) -> web.Response:
        """The code of a recovery, by the second of two administrators."""
        self._reception.admit(request)
        who = await self._reception.signed_in(request)
        found = identifiers.canonical_uuid(request.match_info["id"])
        made = await recover.approve(
            self._office, who, found or UUID(int=0), self._reception.clock.now()
        )
        return _answer(_code(made))

    async def suspend(self, request: web.Request) -> web.Response:
        """Somebody is suspended, by one administrator."""
        self._reception.admit(request)
        who = await self._reception.signed_in(request)
        person = _person(request.match_info["person"])
        barred = staffing.may_manage(who, person)
        if barred is not None:
            raise Refused(barred, staffing.SENTENCES[barred])
        async with self._office.pool.acquire() as connection:
            await suspend.suspend(
                connection,
                person,
                by=who.person,
                now=self._reception.clock.now(),
                random=self._office.random,
            )
        return _answer(Done())

    async def _read(self, request: web.Request, shape: type[_T]) -> _T:
        self._reception.admit(request)
        if request.content_type != "application/json":
            raise InvalidInput("content_type", "Send application/json.")
        body = await pages.read_body(request, BODY_OCTETS)
        try:
            return msgspec.json.decode(body, type=shape)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            # msgspec's own sentence may hold a value: a password, of all things.
            members = ", ".join(one.name for one in msgspec.structs.fields(shape))
            raise InvalidInput("json", f"The body is an object with {members}.") from None


def _bearer(request: web.Request) -> str:
    """The token of the Authorization header; InvalidInput `unauthorized`."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not _TOKEN.fullmatch(token):
        raise InvalidInput("unauthorized", "Send `Authorization: Bearer <session>`.")
    return token


def _key(given: EnrolledKey) -> ApprovalKey:
    return approval_key.ApprovalKey(
        kind=given.kind, public=given.public, credential=given.credential
    )


def _person(text: str) -> Person:
    found = staff.parse_person(text)
    if found is None:
        raise NotFound("staff_unknown", "Nobody of staff has this handle.")
    return found


def _session(who: SignedIn, token: str = "") -> Session:
    return Session(
        person=who.person,
        roles=tuple(sorted(who.roles)),
        administrator=who.is_administrator,
        level=who.level,
        must_change=who.must_change,
        ends_at=who.ends_at.isoformat(),
        session=token,
    )


def _code(made: Invitation) -> Code:
    return Code(made.person, made.code, made.expires_at.isoformat())


def _answer(said: msgspec.Struct) -> web.Response:
    return web.Response(body=msgspec.json.encode(said), content_type="application/json")
