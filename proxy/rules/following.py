"""Whether a follower may go on from where it stands. Pure.

A follower may go on when its own history is a beginning of the primary's. Every sequencer that
takes the lead begins an epoch at the next free position, so the epochs of a history end one where
the next begins. A database set back in any way (dump and restore, a file copy, a promoted standby
that lacked something) was started anew, its sequencer began another epoch, and then either

* our epoch is unknown there: it began after the copy was taken; or
* our epoch ends there below our position: what we applied last is not part of that history; or
* the cluster is another (design s6 asks for a rebuild then, even where the two rules above hold).

Otherwise all we applied is there as well, and nothing we lack stands below our position.
Kafka's leader epochs (KIP-101) prove the same point the same way.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from proxy.model.journal import JournalHead, JournalPosition


class Step(StrEnum):
    """What a follower does next."""

    WAIT = "wait"  # no sequencer has ever run here
    RESUME = "resume"
    REBUILD_EMPTY = "rebuild_empty"
    REBUILD_EPOCH = "rebuild_epoch"
    REBUILD_CLUSTER = "rebuild_cluster"
    REBUILD_AHEAD = "rebuild_ahead"


def next_step(mine: JournalPosition | None, head: JournalHead | None) -> Step:
    """Go on, wait, or rebuild and why."""
    if head is None:
        return Step.WAIT
    if mine is None:
        return Step.REBUILD_EMPTY
    if not head.knows_epoch:
        return Step.REBUILD_EPOCH
    if not head.is_same_cluster:
        return Step.REBUILD_CLUSTER
    if mine.pos >= head.epoch_end:
        return Step.REBUILD_AHEAD
    return Step.RESUME
