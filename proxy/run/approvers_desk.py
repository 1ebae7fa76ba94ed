"""The approver's side of rosters and orders: asks the API, trusts nothing it says.

Needs the API's address and nothing else of the service. What is signed is computed here from the
documents; a roster is believed when it follows, by valid signatures, from the one that this
machine has seen before. What it has seen it keeps in one file.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar

import aiohttp
import msgspec

from proxy.client import refusals
from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.vault import chain
from proxy.vault.chain import Link
from proxy.wire import documents, order_document, roster_document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from proxy.model.order import Order
    from proxy.model.roster import Roster
    from proxy.wire.frames import Signature

ANSWER_LIMIT_OCTETS: Final = 8 << 20  # a page of rosters; bounds memory against a hostile server
WAIT_S: Final = 20.0
_T = TypeVar("_T")
PAGES: Final = 500  # of rosters: more than anybody will ever make


# What a service may say besides documents: in forms that can do nothing to a terminal.
_Handle = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
_Code = Annotated[str, msgspec.Meta(pattern=r"^[a-z_ ]{1,64}\Z")]
_Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
_Moment = Annotated[str, msgspec.Meta(pattern=r"^[0-9T:.+Z-]{10,40}\Z")]
_Version = Annotated[int, msgspec.Meta(ge=1, le=2**31)]


class _Approval(msgspec.Struct, frozen=True):
    person: _Handle


class Tally(msgspec.Struct, frozen=True):
    """How an order stands."""

    approvals: tuple[_Approval, ...]
    lacking: tuple[_Code, ...]


class _Order(msgspec.Struct, frozen=True):
    document: str
    roster: str
    nonce: _Digest  # 32 octets, as a digest has
    state: _Code
    approvals: tuple[_Approval, ...]


class _Current(msgspec.Struct, frozen=True):
    sha256: _Digest
    version: _Version


class _Waiting(msgspec.Struct, frozen=True):
    sha256: _Digest
    version: _Version
    route: _Code
    effective_at: _Moment


class Stood(msgspec.Struct, frozen=True):
    """What a service says stands."""

    deployment: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    current: _Current | None
    waiting: _Waiting | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An order as this machine understands it."""

    order: Order
    sha256: str
    nonce: bytes
    state: str
    approvals: tuple[str, ...]
    roster: Roster
    roster_document: str


class ApiDesk:
    """The API's calls for approvers; the web role has the same below another prefix."""

    def __init__(self, url: str, prefix: str = "/v1") -> None:
        self._url = url.rstrip("/") + prefix

    def order(self, order_id: str) -> Seen:
        """The order, its document checked against its digest and its roster's."""
        found = _read(self._call("GET", f"/orders/{order_id}"), _Order)
        document, roster_text = found.document, found.roster
        order = order_document.parse(document)
        if str(order.id) != order_id.lower():
            raise Refused("order_other", "The service answered with another order.")
        return Seen(
            order=order,
            sha256=documents.digest(document),
            nonce=bytes.fromhex(found.nonce),
            state=found.state,
            approvals=tuple(one.person for one in found.approvals),
            roster=roster_document.parse(roster_text),
            roster_document=roster_text,
        )

    def rosters(self) -> tuple[Stood, tuple[Link, ...]]:
        """What the service says stands, and every roster it shows."""
        links: list[Link] = []
        after = 0
        for _ in range(PAGES):
            facts = self._call("GET", f"/rosters?after={after}")
            rows = facts.pop("rosters", None)
            standing = _read(facts, Stood)
            if not isinstance(rows, list) or not rows:
                return standing, tuple(links)
            links += links_of(rows)
            after = last_version(rows, after)
        raise nonsense()

    def vote(self, order_id: str, signature: Signature) -> Tally:
        """What the service says after a vote."""
        facts = self._call("POST", f"/orders/{order_id}/votes", signature)
        return _read({name: facts.get(name) for name in ("approvals", "lacking")}, Tally)

    def object_to_order(self, order_id: str, signature: Signature) -> None:
        """Stop an order."""
        self._call("POST", f"/orders/{order_id}/objections", signature)

    def object_to_roster(self, sha256: str, signature: Signature) -> Stood:
        """What stands after an objection."""
        return _read(self._call("POST", f"/rosters/{sha256}/objections", signature), Stood)

    def _call(self, method: str, path: str, body: Signature | None = None) -> dict[str, Any]:
        return asyncio.run(ask(self._url, method, path, body))


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it is sent; its media type is for the service to believe or not."""

    media_type: str
    content: bytes = field(repr=False)


async def ask(
    url: str,
    method: str,
    path: str,
    body: object | None = None,
    *,
    session: str = "",
) -> dict[str, Any]:
    """The object that a service of ours answers with; what it refuses is raised as our own error.

    `url` has no slash at its end. `body` becomes JSON; `session` is a member of staff's token.
    """
    timeout = aiohttp.ClientTimeout(total=WAIT_S)
    data, headers = sent(body, session)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout, trust_env=False) as client,
            client.request(
                method, url + path, data=data, headers=headers, allow_redirects=False
            ) as answer,
        ):
            content = await _limited(answer)
            status = answer.status
    except (aiohttp.ClientError, OSError, ValueError):
        raise Unavailable("api", f"{url} does not answer.") from None
    return checked(status, content)


def sent(body: object | None, session: str) -> tuple[bytes | None, dict[str, str]]:
    """A request's body and headers."""
    headers: dict[str, str] = {}
    data: bytes | None = None
    if isinstance(body, Upload):
        data, headers["Content-Type"] = body.content, body.media_type
    elif body is not None:
        data, headers["Content-Type"] = msgspec.json.encode(body), "application/json"
    if session:
        headers["Authorization"] = f"Bearer {session}"
    return data, headers


def checked(status: int, content: bytes) -> dict[str, Any]:
    """The object of an answer; what is refused is raised as our own error."""
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise refusals.parse(status, {}, content)
    try:
        facts = json.loads(content)
    except (ValueError, RecursionError):
        raise nonsense() from None
    if not isinstance(facts, dict):
        raise nonsense()
    return facts


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    content = b""
    async for part in answer.content.iter_chunked(65_536):
        content += part
        if len(content) > ANSWER_LIMIT_OCTETS:
            raise nonsense()
    return content


def links_of(rows: Iterable[object]) -> list[Link]:
    """The rosters among the service's rows; what is none is left out, and shows as a gap."""
    found = []
    for row in rows:
        if isinstance(row, dict) and isinstance(row.get("document"), str):
            with contextlib.suppress(InvalidInput):
                evidence = chain.parse_evidence(row.get("evidence"))
                found.append(Link(document=row["document"], evidence=evidence))
    return found


def last_version(rows: Sequence[object], after: int) -> int:
    """The version of the last row, which the next page begins behind; InvalidInput if none."""
    last = rows[-1]
    version = last.get("version") if isinstance(last, dict) else None
    if not isinstance(version, int) or version <= after:
        raise nonsense()
    return version


def _read(facts: Mapping[str, Any], shape: type[_T]) -> _T:
    try:
        return msgspec.convert(facts, shape)
    except msgspec.ValidationError:
        raise nonsense() from None


def nonsense() -> InvalidInput:
    """What an answer is that no service of ours gives."""
    return InvalidInput("answer", "The service's answer can not be read.")


@dataclass(slots=True)
class Trust:
    """What this machine has seen: of every installation the newest rosters that it believes.

    The one before the newest is kept as well: an objection may have stopped the newest after it
    was shown here, and the true one then follows from the one before.
    """

    file: Path
    _seen: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Read the file; one that is absent knows nothing."""
        try:
            found = json.loads(self.file.read_text("utf-8"))
            self._seen = msgspec.convert(found, dict[str, tuple[str, ...]])
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            raise InvalidInput(
                "trust", f"{self.file} is damaged: move it away, and begin anew with --roster."
            ) from None

    def known(self, deployment: str) -> tuple[str, ...]:
        """The documents of rosters believed, newest first; none for an installation never seen."""
        return self._seen.get(deployment, ())

    def keep(self, deployment: str, document: str, follows: str | None) -> None:
        """Believe a roster from now on; `follows` is the one known before it."""
        self._seen[deployment] = (document,) if follows is None else (document, follows)
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.file.with_name(f".{self.file.name}.new")
        draft.write_text(json.dumps(self._seen, indent=1) + "\n", "utf-8")
        draft.replace(self.file)


def default_trust_file() -> Path:
    """Where an approver's machine keeps what it has seen."""
    return Path.home() / ".config" / "privacyproxy" / "rosters.json"
