"""The rule that tells a follower whether it may go on, held against a model of histories."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.model.journal import JournalHead, JournalPosition
from proxy.rules.following import Step, next_step

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class History:
    """A database: its epochs with their first positions, and what stands at each position."""

    epochs: dict[int, int] = field(default_factory=dict)
    changes: list[int] = field(default_factory=list)

    def copy(self) -> History:
        """What a backup holds."""
        return History(dict(self.epochs), list(self.changes))

    def head(self, mine: JournalPosition | None) -> JournalHead | None:
        """As published.sql answers it."""
        if not self.epochs:
            return None
        epoch = 0 if mine is None else mine.epoch
        later = [first for number, first in self.epochs.items() if number > epoch]
        return JournalHead(
            epoch=max(self.epochs),
            next_pos=len(self.changes) + 1,
            current_at=NOW,
            knows_epoch=epoch in self.epochs,
            is_same_cluster=True,  # the harder case: nothing but positions gives it away
            epoch_end=min(later, default=len(self.changes) + 1),
        )


@settings(max_examples=500)  # cheap, and the telling orders are long
@given(
    st.lists(
        st.sampled_from(
            ["write", "write", "follow", "backup", "restore", "restart", "clone", "switch"]
        ),
        min_size=4,
        max_size=40,
    )
)
def test_a_follower_that_goes_on_has_applied_a_beginning_of_the_history(  # noqa: C901 - one act a line
    acts: list[str],
) -> None:
    """Through writes, restarts, restores and clones in any order RESUME means: a true prefix."""
    database, backup, other = History(), History(), History()
    numbers = iter(range(1, 10_000))
    applied: list[int] = []
    mine: JournalPosition | None = None
    for act in ["restart", *acts, "follow"]:
        match act:
            case "write":
                database.changes.append(next(numbers))
            case "restart":
                database.epochs[next(numbers)] = len(database.changes) + 1
            case "backup":
                backup = database.copy()
            case "restore":
                database = backup.copy()
                database.epochs[next(numbers)] = len(database.changes) + 1
            case "clone":  # a copy that lives on beside the database
                other = database.copy()
                other.epochs[next(numbers)] = len(other.changes) + 1
            case "switch" if other.epochs:
                database, other = other, database
            case _:
                head = database.head(mine)
                assert head is not None
                if next_step(mine, head) is Step.RESUME:
                    assert mine is not None
                    assert applied == database.changes[: mine.pos]
                applied = list(database.changes)
                mine = JournalPosition(epoch=head.epoch, pos=head.next_pos - 1)


@given(st.integers(1, 5), st.integers(0, 5))
def test_a_follower_of_an_unbroken_history_never_rebuilds(restarts: int, writes: int) -> None:
    """Restarts and writes alone leave a follower on its way."""
    database = History()
    mine = None
    for number in range(1, restarts + 1):
        database.epochs[number] = len(database.changes) + 1
        step = next_step(mine, database.head(mine))
        assert step is (Step.REBUILD_EMPTY if mine is None else Step.RESUME)
        mine = JournalPosition(epoch=number, pos=len(database.changes))
        database.changes.extend([0] * writes)


def test_a_database_without_sequencer_is_waited_for() -> None:
    """Nothing has been stamped yet: no rebuild from it, whatever the follower has."""
    assert next_step(None, None) is Step.WAIT
    assert next_step(JournalPosition(epoch=1, pos=1), None) is Step.WAIT


def test_another_cluster_is_rebuilt_from_even_where_positions_agree() -> None:
    """Design s6: every restore is a rebuild."""
    head = JournalHead(
        epoch=2, next_pos=9, current_at=NOW, knows_epoch=True, is_same_cluster=False, epoch_end=9
    )
    assert next_step(JournalPosition(epoch=1, pos=3), head) is Step.REBUILD_CLUSTER
