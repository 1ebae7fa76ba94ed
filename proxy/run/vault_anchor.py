"""What the vault answers about anchors: only while its state is lost, and only the operator.

A survey opens every record, and gives counts and roots alone. Until the new state is in its place
nothing here can be a ledger entry; what is refused is logged and counted.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, TypeVar
from uuid import UUID

import structlog

from proxy.errors import InvalidInput, Refused, Unavailable
from proxy.model import identifiers
from proxy.model.anchor import Anchor
from proxy.model.ledger import LedgerEntry, LedgerEntryId
from proxy.rules import anchoring, reasons
from proxy.services import keep_roster, survey
from proxy.services.keep_roster import InForce
from proxy.store import approvals as store
from proxy.vault import reanchor
from proxy.vault.grants import Caller, Grant
from proxy.vault.reanchor import Building
from proxy.wire import anchor_document, documents, frames, roster_document

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable
    from datetime import datetime
    from pathlib import Path

    from proxy.model.roster import Person
    from proxy.run.vault_answers import Command
    from proxy.run.vault_rounds import Rooms
    from proxy.services.survey import Seen
    from proxy.wire.frames import Answer, Value

_Asked = TypeVar("_Asked")

LATER = 64  # rosters of later versions: as many as a state keeps as stopped

_log = structlog.get_logger()


class Anchors:
    """Answers about anchors."""

    def __init__(self, rooms: Rooms, directory: Path, end: Callable[[], None]) -> None:
        """`directory` is KEYDIR/vault; `end` ends this process, so that one with a state begins."""
        self._rooms = rooms
        self._directory = directory
        self._end = end
        self._turn = asyncio.Lock()

    def commands(self) -> dict[type, Command]:
        """What is answered here, and by what grant."""
        return {
            frames.ProposeAnchor: (Grant.SUBMIT, self._answering(self._propose)),
            frames.SubmitAnchor: (Grant.SUBMIT, self._answering(self._submit)),
        }

    def _answering(
        self, work: Callable[[_Asked], AsyncGenerator[Answer, None]]
    ) -> Callable[[Caller, _Asked], AsyncIterator[Answer]]:
        """One at a time, each with the state still lost; refusals are an alarm."""

        async def answer(caller: Caller, request: _Asked) -> AsyncIterator[Answer]:
            async with self._turn:
                try:
                    self._check_lost()
                    # A caller who goes away ends the work before another one has its turn.
                    async with contextlib.aclosing(work(request)) as answers:
                        async for one in answers:
                            yield one
                except (Refused, InvalidInput) as refusal:
                    metrics = self._rooms.metrics
                    metrics.counter("vault_papers_refused_total", reason=refusal.code).value += 1
                    name = type(request).__name__
                    _log.error("vault_paper_refused", role=caller.value, task=name,
                               reason=refusal.code)  # fmt: skip
                    raise

        return answer

    async def _propose(self, request: frames.ProposeAnchor) -> AsyncGenerator[Answer, None]:
        rooms, given = self._rooms, request.checkpoint
        under = await self._roster(request.roster)
        seen = reanchor.read_checkpoint(rooms.keyring, given) if given else None
        last = survey.Seen()
        with Building(self._directory, rooms.keyring, rooms.random, seen=seen) as building:
            async for last in survey.survey(rooms.pool, building):
                yield _progress(last)
            departure, found = building.departs(), building.found()
        if departure is not None and not request.accept_loss:
            raise _refused(departure)
        anchor = Anchor(
            deployment=under.roster.deployment,
            id=UUID(bytes=rooms.random(16)),
            roster=under.sha256,
            roster_version=under.roster.version,
            found=found,
            has_lost_ledger=departure is not None,
            reason=request.reason,
            made_at=rooms.clock.now().replace(microsecond=0),
        )
        document = anchor_document.render(anchor)
        anchor_document.parse(document)  # a reason that can not be shown is told here
        reasons_left_out: dict[str, Value] = dict(last.faults)
        later: list[Value] = [
            {"sha256": sha256, "version": version} for sha256, version in await self._later(under)
        ]
        yield {
            "done": True,
            "document": document,
            "sha256": documents.digest(document),
            "reasons": reasons_left_out,
            "later_rosters": later,
            "needed": anchoring.needed(under.roster),
        }

    async def _submit(self, request: frames.SubmitAnchor) -> AsyncGenerator[Answer, None]:
        rooms, now = self._rooms, self._rooms.clock.now()
        anchor = anchor_document.parse(request.document)
        under = await self._roster(request.roster)
        fault = anchoring.unfit(anchor, under.roster, under.sha256, now)
        if fault is not None:
            raise _refused(fault)
        people = reanchor.signers(under.roster, request.document, request.signatures)
        if not anchoring.is_signed(under.roster, people):
            raise _refused("anchor_signatures")
        with Building(self._directory, rooms.keyring, rooms.random) as building:
            async for seen in survey.survey(rooms.pool, building):
                yield _progress(seen)
            difference = anchoring.changed(anchor.found, building.found())
            if difference is not None:
                raise _refused(difference)
            stopped = [sha256 for sha256, _ in await self._later(under)]
            sha256 = documents.digest(request.document)
            entry = self._entry(anchor, sha256, people, now)
            building.finish(under.document, under.roster.version, stopped, entry, now)
            # A survey takes minutes: the operator may have put the true state back meanwhile.
            self._check_lost()
            building.place()
        _log.warning("vault_state_anchored", total=anchor.found.records,
                     failed=anchor.found.left_out)  # fmt: skip
        try:
            yield {"done": True, "sha256": sha256, "entry": str(entry.id)}
        finally:
            self._end()

    def _check_lost(self) -> None:
        """Refused `anchor_not_lost` when there is a state, also one put back since the start."""
        if self._rooms.walls is not None:
            raise _refused("anchor_not_lost")
        try:
            reanchor.open_state(self._directory, self._rooms.keyring).close()
        except Unavailable as fault:
            if fault.code == "state_lost":
                return
            raise
        raise Refused(
            "anchor_not_lost", "The state is there again: restart the service to go on with it."
        )

    async def _roster(self, given: str) -> InForce:
        """The roster that the key file remembers: out of the database, or as it was given.

        No other one is believed: a later roster may have been waiting or stopped, which nothing
        but the lost state could tell.
        """
        sha256 = self._rooms.keyring.file.roster
        if not sha256:
            raise Refused(
                "anchor_roster",
                "No roster was ever in force here, so nobody can vouch for the database: put the"
                " state directory back from its backup.",
            )
        if not given:
            async with self._rooms.pool.acquire() as connection:
                return await keep_roster.load(connection, sha256)
        if documents.digest(given) != sha256:
            raise _refused("anchor_roster")
        return InForce(roster=roster_document.parse(given), sha256=sha256, document=given)

    async def _later(self, under: InForce) -> tuple[tuple[str, int], ...]:
        async with self._rooms.pool.acquire() as connection:
            return await store.rosters_behind(connection, under.roster.version, LATER)

    def _entry(
        self, anchor: Anchor, sha256: str, people: frozenset[Person], now: datetime
    ) -> LedgerEntry:
        found = anchor.found
        entry_id = LedgerEntryId(identifiers.uuid7(now, self._rooms.random(10)))
        return LedgerEntry(
            id=entry_id,
            tenant_id=None,
            subject=str(entry_id),
            kind="state_anchored",
            facts={
                "sha256": sha256,
                "roster": anchor.roster,
                "roster_version": anchor.roster_version,
                "signers": " ".join(sorted(people)),
                "ledger_size": found.ledger_size,
                "ledger_root": found.ledger_root,
                "lost_ledger": anchor.has_lost_ledger,
                "records": found.records,
                "records_root": found.records_root,
                "left_out": found.left_out,
                "erasures": found.erasures,
            },
            at=now,
        )


def _progress(seen: Seen) -> Answer:
    return {
        "done": False,
        "erasures": seen.erasures,
        "records": seen.records,
        "leaves": seen.leaves,
        "left_out": seen.faults.total(),
    }


def _refused(code: str) -> Refused:
    return Refused(code, reasons.SENTENCES[code])
