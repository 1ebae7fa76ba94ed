"""A member of staff's side of the web role: signs in, keeps the session, asks on its behalf.

Needs the web role's address and nothing else of the service. The message that is signed is computed
here, for the site that the person named or meant: another service that passes a challenge on gets a
signature that holds nowhere. A session lies in one file that its owner alone may read.
"""

from __future__ import annotations

import asyncio
import json
import os
import stat
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec

from proxy.client import refusals
from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.model import approval_key
from proxy.model.roster import DeploymentId
from proxy.run import approvers_desk
from proxy.vault import approve, sshsig, staff_factors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from proxy.model.roster import Person

    Passphrase = Callable[[], bytes | None]

_FOR_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_FILE_LIMIT_OCTETS: Final = 4096
_LINE_OCTETS: Final = 262_144  # a part of a file, sealed and in base64, has a third of it
_T = TypeVar("_T")


class _Asked(msgspec.Struct, frozen=True):
    attempt: str
    site: str
    nonce: str


class _Opened(msgspec.Struct, frozen=True):
    session: str
    must_change: bool
    ends_at: str


class _Deployment(msgspec.Struct, frozen=True):
    deployment: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]


class _Kept(msgspec.Struct, frozen=True):
    url: str
    session: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A session that was opened."""

    session: str = field(repr=False)
    must_change: bool
    ends_at: str


class WebDesk:
    """The web role's calls for staff."""

    def __init__(self, url: str, session: str = "") -> None:
        self._url = url.rstrip("/")
        self._session = session

    @property
    def url(self) -> str:
        """The web role's address."""
        return self._url

    def call(self, method: str, path: str, body: object | None = None) -> dict[str, Any]:
        """The object that is answered; what the service refuses is raised as our own error."""
        return asyncio.run(approvers_desk.ask(self._url, method, path, body, session=self._session))

    async def stream(self, path: str, body: object) -> AsyncIterator[dict[str, Any]]:
        """The objects of an answer of lines, as they come; raises as `call` does."""
        data, headers = approvers_desk.sent(body, self._session)
        timeout = aiohttp.ClientTimeout(total=None, sock_read=approvers_desk.WAIT_S)
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=timeout, trust_env=False, read_bufsize=_LINE_OCTETS
                ) as client,
                client.post(self._url + path, data=data, headers=headers) as answer,
            ):
                if answer.status != HTTPStatus.OK:
                    approvers_desk.checked(answer.status, await answer.content.read(_LINE_OCTETS))
                    raise approvers_desk.nonsense()
                async for line in answer.content:
                    yield approvers_desk.checked(answer.status, line)
        except (aiohttp.ClientError, OSError, ValueError):
            raise Unavailable("web", f"{self._url} does not answer.") from None

    def signed(
        self, document: str, message: bytes, key_file: Path, passphrase: Passphrase
    ) -> dict[str, Any]:
        """A document with the signature of whose session this is, by their key of the roster."""
        return {
            "document": document,
            "person": str(self.call("GET", "/staff/session").get("person")),
            "key": approve.public_key(key_file).id,
            "signature": approve.sign(message, key_file, passphrase),
        }

    def deployment(self) -> DeploymentId:
        """Of which service documents are, as it says; a signature for another holds nowhere."""
        found = _read(self.call("GET", "/approvals/rosters?after=0"), _Deployment)
        return DeploymentId(found.deployment)

    def sign_in(
        self, person: Person, password: str, key_file: Path, passphrase: Passphrase, site: str
    ) -> SignedIn:
        """A session, by password and key; Refused `staff_site` when the service is another's."""
        asked = _read(
            self.call("POST", "/staff/sign-in", {"person": person, "password": password}), _Asked
        )
        nonce = approval_key.base64url_octets(asked.nonce)
        if nonce is None:
            raise approvers_desk.nonsense()
        if asked.site != site:
            shown = refusals.printable(asked.site)
            raise Refused(
                "staff_site",
                f"The service signs people in for {shown}, not for {site}: if that is right, say"
                f" --site {shown}.",
            )
        message = staff_factors.sign_in(site, person, nonce)
        body = {
            "attempt": asked.attempt,
            "key": approve.public_key(key_file).id,
            "signature": _signed(message, key_file, passphrase),
        }
        opened = _read(self.call("POST", "/staff/sign-in/second", body), _Opened)
        return SignedIn(
            session=opened.session,
            must_change=opened.must_change,
            ends_at=refusals.printable(opened.ends_at),
        )

    def enrol(
        self,
        *,
        person: Person,
        code: str,
        password: str,
        key_files: Sequence[Path],
        passphrase: Passphrase,
        site: str,
    ) -> None:
        """Return once the person is enrolled with these keys."""
        message = staff_factors.enrolment(site, person, code)
        keys = []
        for one in key_files:
            key = approve.public_key(one)
            proof = _signed(message, one, passphrase)
            keys.append({"kind": key.kind.value, "public": key.public, "proof": proof})
        self.call(
            "POST",
            "/staff/enrol",
            {"person": person, "code": code, "password": password, "keys": keys},
        )


def site_of(url: str) -> str:
    """The site that an address most likely is of: its host."""
    return urlsplit(url).hostname or ""


def default_session_file() -> Path:
    """Where a person's machine keeps the session."""
    return Path.home() / ".config" / "privacyproxy" / "session.json"


def keep_session(file: Path, url: str, session: str) -> None:
    """Keep a session in a file of its owner's alone, whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            json.dump({"url": url, "session": session}, out)
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def open_session(file: Path) -> WebDesk:
    """The desk of a session that was kept; Refused `session_missing`, `session_mode`."""
    try:
        with file.open("rb") as source:
            mode = os.fstat(source.fileno()).st_mode
            content = source.read(_FILE_LIMIT_OCTETS)
    except OSError:
        raise Refused(
            "session_missing", "You are not signed in here: privacyproxy sign-in."
        ) from None
    if mode & _FOR_OTHERS:
        raise Refused("session_mode", f"Others may read {file}: remove it and sign in anew.")
    try:
        kept = msgspec.json.decode(content, type=_Kept)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise InvalidInput("session_file", f"{file} is damaged: sign in anew.") from None
    return WebDesk(kept.url, kept.session)


def _signed(message: bytes, key_file: Path, passphrase: Passphrase) -> str:
    return approve.sign(message, key_file, passphrase, namespace=sshsig.STAFF_NAMESPACE)


def _read(facts: dict[str, Any], shape: type[_T]) -> _T:
    try:
        return msgspec.convert(facts, shape)
    except msgspec.ValidationError:
        raise approvers_desk.nonsense() from None
