"""Which roster is in force, kept in the vault's own state: implements ports.Rosters.

Documents stand here whole: whatever the database says or lacks, this is what is believed, and
members can object while it is away. Its rows are copies for others to read.
Source: vault.md, Roster and State outside PostgreSQL.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from proxy.errors import Conflict
from proxy.model.roster import Standing, Waiting
from proxy.vault.state import Slot

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from proxy.model.roster import Person
    from proxy.vault.state import State

STOPPED_KEPT = 64  # digests of stopped successors; older ones no longer fit the roster in force


class RosterKeeper:
    """The roster slot of the state."""

    def __init__(self, state: State, remember: Callable[[str, int], None]) -> None:
        """`remember` keeps digest and version of a roster in force beside the keys.

        It is called after the state has changed: a crash between leaves an older roster there,
        which the next start brings up to date, never one that is not in force.
        """
        self._state = state
        self._remember = remember

    def catch_up(self) -> None:
        """Have the roster in force remembered, if a crash came between."""
        standing = self.standing()
        if standing is not None:
            self._remember(standing.sha256, standing.version)

    def standing(self) -> Standing | None:
        """What is in force and what waits; None before genesis."""
        content = self._state.slot(Slot.ROSTER)
        return None if content is None else msgspec.json.decode(content, type=Standing)

    def found(self, sha256: str, document: str, evidence: str, now: datetime) -> None:
        """Take the first roster; Conflict `roster_exists` when there is one."""
        if self.standing() is not None:
            raise Conflict("roster_exists", "There is a roster already; propose its successor.")
        self._keep(
            Standing(
                sha256=sha256, version=1, document=document, evidence=evidence, since=now,
                waiting=None, stopped=(),
            )
        )  # fmt: skip

    def refound(
        self, sha256: str, version: int, document: str, stopped: Sequence[str], now: datetime
    ) -> None:
        """Begin an empty state with a roster in force; none of `stopped` comes again.

        Its evidence is left to the database's copy.
        """
        self._keep(
            Standing(
                sha256=sha256, version=version, document=document, evidence="", since=now,
                waiting=None, stopped=tuple(stopped)[:STOPPED_KEPT],
            )
        )  # fmt: skip

    def announce(self, waiting: Waiting, *, follows: str) -> None:
        """Let a successor of the roster of digest `follows` wait, durably."""
        self._state.set_slot(Slot.ROSTER, self.announced(waiting, follows=follows))

    def announced(self, waiting: Waiting, *, follows: str) -> bytes:
        """The slot's content with a successor that waits; Conflict when another one does.

        Conflict `roster_moved` too when what it follows is no longer in force: between the checks
        and this step the waiting one may have come.
        """
        standing = self._present()
        if (standing.sha256, standing.version + 1) != (follows, waiting.version):
            raise Conflict("roster_moved", "Another roster came into force meanwhile.")
        if standing.waiting is not None and standing.waiting.sha256 != waiting.sha256:
            raise Conflict("roster_waiting", "Another roster waits; let it take effect or stop it.")
        return msgspec.json.encode(replace(standing, waiting=waiting))

    def note_objection(self, person: Person) -> None:
        """A member said no to the roster that waits."""
        standing = self._present()
        if standing.waiting is not None and person not in standing.waiting.objectors:
            objectors = (*standing.waiting.objectors, person)
            self._keep(replace(standing, waiting=replace(standing.waiting, objectors=objectors)))

    def stop(self) -> None:
        """The roster that waits does not come, nor ever again."""
        standing = self._present()
        if standing.waiting is not None:
            stopped = (*standing.stopped, standing.waiting.sha256)[-STOPPED_KEPT:]
            self._keep(replace(standing, waiting=None, stopped=stopped))

    def settle(self, now: datetime) -> Waiting | None:
        """The roster that waited, once its time has come and it is in force."""
        standing = self.standing()
        if standing is None or standing.waiting is None or standing.waiting.effective_at > now:
            return None
        came = standing.waiting
        self._keep(
            Standing(
                sha256=came.sha256, version=came.version, document=came.document,
                evidence=came.evidence, since=now, waiting=None, stopped=(),
            )
        )  # fmt: skip
        return came

    def _present(self) -> Standing:
        standing = self.standing()
        if standing is None:
            raise Conflict("roster_none", "There is no roster: `privacyproxy roster init`.")
        return standing

    def _keep(self, standing: Standing) -> None:
        self._state.set_slot(Slot.ROSTER, msgspec.json.encode(standing))
        self._remember(standing.sha256, standing.version)
