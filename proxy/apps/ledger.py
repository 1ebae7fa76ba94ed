"""The public ledger over HTTP: checkpoints, tiles, keys, and what witnesses hand in.

Everything here is public and the same for everybody; nothing is believed of the database that
readers could not check, and no checkpoint or cosignature is shown whose signature does not hold.
Tiles are not checked here: readers do. The newest checkpoint is kept in memory, so that it is
answered while the database is away. Source: C2SP tlog-tiles (paths, content), tlog-cosignature;
RFC 5861 s4.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import structlog
from aiohttp import web

from proxy import logs
from proxy.apps import ledger_tiles, pages, problems
from proxy.apps.ledger_tiles import LedgerTiles
from proxy.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable
from proxy.store import pool as pools
from proxy.store import public_ledger as store
from proxy.vault import checkpoint, cosignature, note, tiles, verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiohttp.web_routedef import AbstractRouteDef

    from proxy.metrics import Registry
    from proxy.ports import Clock
    from proxy.store.pool import Connection, Pool
    from proxy.store.public_ledger import SignedCheckpoint
    from proxy.vault.note import Signature
    from proxy.vault.verifier import VerifierKey

COSIGNATURE_OCTETS: Final = 8_192  # a checkpoint and a score of signatures
WITNESS_LIMIT: Final = 255  # characters of a witness's name and key id, as the table has it
LEEWAY: Final = timedelta(minutes=5)  # by which a witness's clock may be ahead of ours
POLL_S: Final = 1.0  # one probe of an index
_DAY_S: Final = 86_400
_DAILY: Final = f"public, max-age={_DAY_S}"  # partial tiles: what is wrong with one ends
_FOREVER: Final = "public, max-age=31536000, immutable"
_SHORTLY: Final = "public, max-age=5"
_SIZE_DIGITS: Final = 19  # of a 63-bit number
_OPEN: Final = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Shown:
    """The newest checkpoint as it is answered."""

    size: int
    body: bytes = field(repr=False)
    etag: str


class PublicLedger:
    """Reads the ledger for strangers, and takes what witnesses hand in."""

    def __init__(
        self,
        *,
        pool: Pool,
        clock: Clock,
        metrics: Registry,
        log_key: VerifierKey,
        witnesses: Iterable[VerifierKey],
        interval_s: int,
        admit: Callable[[web.Request], None],
    ) -> None:
        """`witnesses` are those whose cosignatures are taken and shown.

        `admit` raises RateLimited where a client hands in too much.
        """
        self._pool = pool
        self._clock = clock
        self._log_key = log_key
        self._witnesses = tuple(witnesses)
        self._admit = admit
        self._newest_cache = f"public, max-age={interval_s}, stale-if-error={_DAY_S}"  # RFC 5861 s4
        self._tiles = LedgerTiles()
        self._shown: Shown | None = None
        self._taken = metrics.counter("web_cosignatures_total")
        self._disputed = metrics.counter("web_checkpoints_disputed_total")
        self._size = metrics.gauge("web_ledger_size")

    def routes(self) -> list[AbstractRouteDef]:
        """What is answered, all below /ledger."""
        return [
            web.get("/ledger/checkpoint", self._get_newest),
            web.get("/ledger/checkpoint/witnessed", self._get_witnessed),
            web.get("/ledger/checkpoint/{size:[0-9]+}", self._get_at_size),
            web.get("/ledger/tile/{rest:.+}", self._get_tile),
            web.get("/ledger/vkey", self._get_key),
            web.get("/ledger/witnesses", self._get_witnesses),
            web.post("/ledger/cosignatures", self._post_cosignature),
        ]

    async def watch(self) -> None:
        """Look for a newer checkpoint, for ever; what was seen last stays while none is read."""
        while True:
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001 - nothing may end the watch
                is_away = isinstance(error, Unavailable) or pools.is_outage(error)
                tell = _log.warning if is_away else _log.error
                tell("ledger_unread", error=type(error).__name__, places=logs.places(error))
            await asyncio.sleep(POLL_S)

    async def refresh(self) -> None:
        """Look once; errors of `_check` where the newest checkpoint is not the ledger's word."""
        async with self._pool.acquire() as connection:
            newest = await store.newest(connection)
            if newest is not None:
                self._check(newest)
                body = _cosigned(newest, await self._lines(connection, newest))
                self._shown = Shown(newest.size, body, hashlib.sha256(body).hexdigest()[:32])
                self._size.value = float(newest.size)

    async def _get_newest(self, request: web.Request) -> web.Response:
        shown = self._newest()
        headers = {"Cache-Control": self._newest_cache, "ETag": f'"{shown.etag}"', **_OPEN}
        known = request.if_none_match or ()
        if any(one.value in {shown.etag, "*"} for one in known):
            return web.Response(status=web.HTTPNotModified.status_code, headers=headers)
        return _text(shown.body, headers)

    async def _get_witnessed(self, _: web.Request) -> web.Response:
        async with self._pool.acquire() as connection:
            ids = [witness_id(one) for one in self._witnesses]
            for found in await store.newest_cosigned(connection, ids):
                if self._is_ours(found) and (lines := await self._lines(connection, found)):
                    body = _cosigned(found, lines)
                    return _text(body, {"Cache-Control": self._newest_cache, **_OPEN})
        return _missing(NotFound("not_witnessed", "No checkpoint was cosigned yet."))

    async def _get_at_size(self, request: web.Request) -> web.Response:
        """The checkpoint alone: cosignatures may still come, and this answer never changes."""
        text = request.match_info["size"]
        unknown = NotFound("checkpoint_unknown", "No checkpoint of that size was signed.")
        if len(text) > _SIZE_DIGITS or text != str(int(text)) or int(text) > self._newest().size:
            return _missing(unknown)
        async with self._pool.acquire() as connection:
            found = await store.at_size(connection, int(text))
        if found is None or not self._is_ours(found):
            return _missing(unknown)
        return _text(found.note.encode(), {"Cache-Control": _FOREVER, **_OPEN})

    async def _get_tile(self, request: web.Request) -> web.Response:
        unknown = NotFound("tile_unknown", "The ledger has no such tile.")
        try:
            tile = tiles.parse(f"tile/{request.match_info['rest']}")
        except InvalidInput:
            return _missing(unknown)
        if not ledger_tiles.is_within(tile, self._newest().size):
            return _missing(unknown)
        async with self._pool.acquire() as connection:
            try:
                content = await self._tiles.content(connection, tile)
            except NotFound as error:
                return _missing(error)
        return web.Response(
            body=content,
            content_type="application/octet-stream",
            headers={
                "Cache-Control": _FOREVER if tile.width == tiles.WIDTH else _DAILY,
                **_OPEN,
            },
        )

    async def _get_key(self, _: web.Request) -> web.Response:
        return _text(f"{verifier.render(self._log_key)}\n".encode(), _hourly())

    async def _get_witnesses(self, _: web.Request) -> web.Response:
        lines = "".join(f"{verifier.render(one)}\n" for one in self._witnesses)
        return _text(lines.encode(), _hourly())

    async def _post_cosignature(self, request: web.Request) -> web.Response:
        """Keep the lines of our witnesses under a checkpoint that is ours; those known stay as is.

        Reasons: rate_limited, note_malformed, checkpoint_malformed, checkpoint_origin,
        note_signature, cosignature_time, witness_unknown, checkpoint_other.
        """
        self._admit(request)
        body = await pages.read_body(request, COSIGNATURE_OCTETS)
        try:
            found = note.parse(body.decode())
        except UnicodeDecodeError:
            raise InvalidInput("note_malformed", "This is no signed note.") from None
        seen = checkpoint.parse(found.text)
        if seen.origin != self._log_key.name:
            raise Refused("checkpoint_origin", "This is a checkpoint of another ledger.")
        now = self._clock.now()
        times = cosignature.witnessed(found, self._witnesses, now=now, leeway=LEEWAY)
        if not times:
            raise Refused("witness_unknown", "No witness that we know has signed this.")
        async with self._pool.acquire() as connection:
            ours = await store.at_size(connection, seen.size)
            if ours is None or note.parse(ours.note).text != found.text:
                # A witness of ours saw a tree that this database does not know: forged or lost.
                self._disputed.value += 1
                _log.error("ledger_checkpoint_disputed", leaf_index=seen.size)
                raise Conflict("checkpoint_other", "This is not a checkpoint as we know it.")
            known = await self._lines(connection, ours)
            fresh = {
                key: line
                for key in times
                if key not in known and (line := note.signature_of(found, key)) is not None
            }
            for key, line in fresh.items():
                text = note.render_line(line)
                await store.add_cosignature(connection, seen.size, witness_id(key), text, now)
        if fresh:
            self._taken.value += len(fresh)
            await self.refresh()
        return web.Response(status=web.HTTPNoContent.status_code)

    def _check(self, one: SignedCheckpoint) -> None:
        """Errors of checkpoint.opened, Refused `checkpoint_size`, unless the ledger signed it."""
        if checkpoint.opened(one.note, self._log_key).size != one.size:
            raise Refused("checkpoint_size")

    def _is_ours(self, one: SignedCheckpoint) -> bool:
        try:
            self._check(one)
        except (InvalidInput, Refused) as fault:
            _log.error("ledger_checkpoint_unsigned", leaf_index=one.size, code=fault.code)
            return False
        return True

    async def _lines(
        self, connection: Connection, one: SignedCheckpoint
    ) -> Mapping[VerifierKey, Signature]:
        """The cosignatures that hold, one a witness: whoever writes the table could write junk."""
        text = note.parse(one.note).text
        ids = [witness_id(key) for key in self._witnesses]
        found: dict[VerifierKey, Signature] = {}
        for kept in await store.cosignatures(connection, one.size, ids):
            try:
                single = note.parse(f"{text}\n{kept}")
                for key in self._witnesses:
                    line = note.signature_of(single, key)
                    if line is not None:
                        cosignature.check(text, line, key)
                        found.setdefault(key, line)
            except (InvalidInput, Refused) as fault:
                _log.error("ledger_cosignature_junk", leaf_index=one.size, code=fault.code)
        return found

    def _newest(self) -> Shown:
        if self._shown is None:
            raise Unavailable("ledger", "No checkpoint was read yet; try again.")
        return self._shown


def witness_id(key: VerifierKey) -> str:
    """Under which a witness's lines are kept: two keys of one name are two witnesses."""
    return f"{key.name}+{key.id.hex()}"


def parse_witnesses(text: str) -> tuple[VerifierKey, ...]:
    """The keys of a file, one a line; empty lines and those that begin with # are passed over.

    InvalidInput `ledger_witnesses`, naming the line.
    """
    found: list[VerifierKey] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            key = verifier.parse(line.strip())
        except InvalidInput:
            key = None
        is_witness = key is not None and key.kind is verifier.Kind.COSIGNATURE
        if key is None or not is_witness or len(witness_id(key)) > WITNESS_LIMIT:
            raise InvalidInput("ledger_witnesses", f"Line {number} is no key of a witness.")
        found.append(key)
    return tuple(found)


def _cosigned(one: SignedCheckpoint, lines: Mapping[VerifierKey, Signature]) -> bytes:
    """The note and its witnesses' lines, as it travels."""
    return "".join((one.note, *map(note.render_line, lines.values()))).encode()


def _text(body: bytes, headers: dict[str, str]) -> web.Response:
    return web.Response(body=body, content_type="text/plain", charset="utf-8", headers=headers)


def _missing(error: NotFound) -> web.Response:
    """A no that may soon be a yes."""
    answer = problems.render(error)
    answer.headers.update({"Cache-Control": _SHORTLY, **_OPEN})
    return answer


def _hourly() -> dict[str, str]:
    return {"Cache-Control": "public, max-age=3600", **_OPEN}
