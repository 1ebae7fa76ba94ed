"""The approver's side of rosters and orders: asks the API, trusts nothing it says.

Needs the API's address and nothing else of the service. What is signed is computed here from the
documents; a roster is believed when it follows, by valid signatures, from the one that this
machine has seen before. What it has seen it keeps in one file.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import msgspec

from proxy.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable
from proxy.vault import chain
from proxy.vault.chain import Link
from proxy.wire import documents, order_document, roster_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.order import Order
    from proxy.model.roster import Roster
    from proxy.wire.frames import Signature

ANSWER_LIMIT_OCTETS: Final = 8 << 20  # a page of rosters; bounds memory against a hostile server
WAIT_S: Final = 20.0
PAGES: Final = 500  # of rosters: more than anybody will ever make
_KINDS: Final = {404: NotFound, 409: Conflict, 422: InvalidInput}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """An order as this machine understands it."""

    order: Order
    sha256: str
    nonce: bytes
    state: str
    approvals: tuple[str, ...]
    lacking: tuple[str, ...]
    roster: Roster
    roster_document: str


class ApiDesk:
    """The API's calls for approvers."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def order(self, order_id: str) -> Seen:
        """The order, its document checked against its digest and its roster's."""
        facts = self._call("GET", f"/v1/orders/{order_id}")
        try:
            document, roster_text = str(facts["document"]), str(facts["roster"])
            nonce = bytes.fromhex(str(facts["nonce"]))
            people = tuple(str(one["person"]) for one in facts["approvals"])
            lacking = tuple(str(one) for one in facts["lacking"])
            state = str(facts["state"])
        except (KeyError, TypeError, ValueError):
            raise _nonsense() from None
        order = order_document.parse(document)
        if str(order.id) != order_id.lower():
            raise Refused("order_other", "The service answered with another order.")
        return Seen(
            order=order,
            sha256=documents.digest(document),
            nonce=nonce,
            state=state,
            approvals=people,
            lacking=lacking,
            roster=roster_document.parse(roster_text),
            roster_document=roster_text,
        )

    def rosters(self) -> tuple[Mapping[str, Any], tuple[Link, ...]]:
        """What the service says stands, and every roster it knows."""
        links: list[Link] = []
        after, standing = 0, {}
        for _ in range(PAGES):
            standing = self._call("GET", f"/v1/rosters?after={after}")
            rows = standing.get("rosters")
            if not isinstance(rows, list) or not rows:
                return standing, tuple(links)
            links += [link_of(row) for row in rows]
            after += len(rows)  # versions follow one another without a gap
        raise _nonsense()

    def vote(self, order_id: str, signature: Signature) -> Mapping[str, Any]:
        """What the service says after a vote."""
        return self._call("POST", f"/v1/orders/{order_id}/votes", signature)

    def object_to_order(self, order_id: str, signature: Signature) -> None:
        """Stop an order."""
        self._call("POST", f"/v1/orders/{order_id}/objections", signature)

    def object_to_roster(self, sha256: str, signature: Signature) -> Mapping[str, Any]:
        """What stands after an objection."""
        return self._call("POST", f"/v1/rosters/{sha256}/objections", signature)

    def _call(self, method: str, path: str, body: Signature | None = None) -> dict[str, Any]:
        return asyncio.run(self._ask(method, path, body))

    async def _ask(self, method: str, path: str, body: Signature | None) -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=WAIT_S)
        data = None if body is None else msgspec.json.encode(body)
        headers = {} if data is None else {"Content-Type": "application/json"}
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=False) as session,
                session.request(
                    method, self._url + path, data=data, headers=headers, allow_redirects=False
                ) as answer,
            ):
                content = await _limited(answer)
                status = answer.status
        except (aiohttp.ClientError, OSError, ValueError):
            raise Unavailable("api", f"{self._url} does not answer.") from None
        try:
            facts = json.loads(content)
        except (ValueError, RecursionError):
            raise _nonsense() from None
        if not isinstance(facts, dict):
            raise _nonsense()
        if status != HTTPStatus.OK:
            is_theirs = status >= HTTPStatus.INTERNAL_SERVER_ERROR
            kind = _KINDS.get(status, Unavailable if is_theirs else Refused)
            raise kind(str(facts.get("code")), str(facts.get("detail") or facts.get("title")))
        return facts


async def _limited(answer: aiohttp.ClientResponse) -> bytes:
    content = b""
    async for part in answer.content.iter_chunked(65_536):
        content += part
        if len(content) > ANSWER_LIMIT_OCTETS:
            raise _nonsense()
    return content


def link_of(row: object) -> Link:
    """A roster out of the service's JSON; InvalidInput when it is none."""
    if not isinstance(row, dict) or not isinstance(row.get("document"), str):
        raise _nonsense()
    return Link(document=row["document"], evidence=chain.parse_evidence(row.get("evidence")))


def _nonsense() -> InvalidInput:
    return InvalidInput("answer", "The service's answer can not be read.")


@dataclass(slots=True)
class Trust:
    """What this machine has seen: of every installation the newest roster that it believes."""

    file: Path
    _seen: dict[str, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        """Read the file; one that is absent knows nothing."""
        try:
            found = json.loads(self.file.read_text("utf-8"))
        except FileNotFoundError:
            return
        except (OSError, ValueError):
            raise InvalidInput("trust", f"{self.file} can not be read.") from None
        if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
            raise InvalidInput("trust", f"{self.file} is damaged.")
        self._seen = dict(found)

    def known(self, deployment: str) -> str | None:
        """The document of the roster believed last; None for an installation never seen."""
        return self._seen.get(deployment)

    def keep(self, deployment: str, document: str) -> None:
        """Believe a roster from now on."""
        self._seen[deployment] = document
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = self.file.with_name(f".{self.file.name}.new")
        draft.write_text(json.dumps(self._seen, indent=1) + "\n", "utf-8")
        draft.replace(self.file)


def default_trust_file() -> Path:
    """Where an approver's machine keeps what it has seen."""
    return Path.home() / ".config" / "privacyproxy" / "rosters.json"
