"""Has a copy's checkpoint stamped by a time-stamping authority: `DIR/anchors/SIZE.tsr`.

The checkpoint lies beside as `SIZE.checkpoint`, so that the pair can be checked when the ledger
has grown. The authority is asked over HTTP as RFC 3161 s3.4 has it, and is no friend either.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import aiohttp

from proxy.errors import InvalidInput, NotFound, Refused, Unavailable
from proxy.vault import anchor, checkpoint, files, note

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from proxy.run.ledger_copy import Copy

ANSWER_WAIT_S: Final = 60.0
ANCHORS: Final = "anchors"
_PUBLIC_FILE, _PUBLIC_DIRECTORY = 0o644, 0o755


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchored:
    """A stamp that was kept; its time is known if certificates were given."""

    size: int
    path: Path
    at: datetime | None


async def stamp(copy: Copy, url: str, certificates: bytes | None) -> Anchored:
    """The stamp over the copy's newest checkpoint. Errors of vault.anchor and of notes.

    NotFound `copy_empty`, Unavailable `anchor_silent`, Refused `anchor_refused`.
    """
    signed, log = copy.text("checkpoint"), copy.key()
    if signed is None or log is None:
        raise NotFound("copy_empty", f"{copy.directory} is no copy of a ledger.")
    seen, text = checkpoint.opened(signed, log), note.parse(signed).text
    request, nonce = anchor.request(text)
    response = await _ask(url, request)
    anchor.check_answer(response, text, nonce)
    at = None if certificates is None else anchor.verified(response, text, certificates)
    directory = copy.directory / ANCHORS
    files.make_directory(directory, _PUBLIC_DIRECTORY)
    files.write(directory / f"{seen.size}.checkpoint", signed.encode(), _PUBLIC_FILE)
    path = directory / f"{seen.size}.tsr"
    files.write(path, response, _PUBLIC_FILE)
    return Anchored(size=seen.size, path=path, at=at)


async def _ask(url: str, request: bytes) -> bytes:
    if not url.startswith(("http://", "https://")):
        raise InvalidInput("url", "Give the authority's http or https address.")
    timeout = aiohttp.ClientTimeout(total=ANSWER_WAIT_S)
    try:
        async with (
            aiohttp.ClientSession(
                timeout=timeout,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,  # the limit below is on what comes, not on what it hides
            ) as session,
            session.post(
                url,
                data=request,
                headers={"Content-Type": "application/timestamp-query"},
                allow_redirects=False,
            ) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise Refused("anchor_refused", f"{url} answers with HTTP {answer.status}.")
            if answer.headers.get("Content-Encoding", "identity") != "identity":
                raise Refused("anchor_malformed", f"{url} answers compressed, unasked.")
            body = bytearray()
            while part := await answer.content.read(anchor.RESPONSE_LIMIT_OCTETS):
                body += part
                if len(body) > anchor.RESPONSE_LIMIT_OCTETS:
                    raise Refused("anchor_malformed", f"{url} answers with too much.")
            return bytes(body)
    except (aiohttp.ClientError, OSError, TimeoutError):
        raise Unavailable("anchor_silent", f"{url} does not answer.") from None
