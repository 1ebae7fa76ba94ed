"""The snapshot: what a reader sees of what the writer did, and of files it can not use."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import lmdb
import pytest

from proxy.errors import InvalidInput, ProxyError, Unavailable
from proxy.model.identifiers import DomainName, ProfileId, TenantId
from proxy.model.journal import JournalPosition, ProfileChange, RecordChange
from proxy.snapshot import layout, reader
from proxy.snapshot.reader import Snapshot
from proxy.snapshot.writer import Writer
from tests.support.publication import TENANT, look

if TYPE_CHECKING:
    from pathlib import Path

AS_OF = datetime(2026, 3, 2, 9, 15, tzinfo=UTC)
PROFILE = ProfileChange(tenant_id=TenantId(TENANT), id=ProfileId("house"), body=b"{}")


def at(pos: int) -> JournalPosition:
    """A position of the one epoch used here."""
    return JournalPosition(epoch=5, pos=pos)


def put(**values: bytes | None) -> tuple[RecordChange, ...]:
    """Changes of names of one label under .example."""
    return tuple(
        RecordChange(domain=DomainName(f"{label}.example"), value=value)
        for label, value in values.items()
    )


def build(directory: Path, pos: int = 1, **values: bytes | None) -> None:
    """A snapshot of those values, made by a writer that is closed again."""
    writer = Writer(directory)
    writer.begin_rebuild(at(pos), AS_OF)
    writer.apply(put(**values), (PROFILE,), at(pos), AS_OF)
    writer.finish_rebuild()
    writer.close()


class Ticks:
    """A monotonic clock that moves when told."""

    def __init__(self) -> None:
        """Start at zero."""
        self.now_s = 0.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now_s


def test_a_reader_sees_what_was_applied(tmp_path: Path) -> None:
    """Values, profiles, position and time are those of the last batch."""
    build(tmp_path, 9, a=b"1", b=b"2")
    snapshot = Snapshot(tmp_path)
    assert snapshot.is_ready
    assert snapshot.get(b"a.example") == b"1"
    assert snapshot.get(b"c.example") is None
    assert snapshot.profile_bodies() == {(TENANT, "house"): b"{}"}
    assert (snapshot.position(), snapshot.as_of(), snapshot.entries()) == ((5, 9), AS_OF, 2)
    snapshot.close()


def test_without_a_snapshot_nothing_is_said_not_to_exist(tmp_path: Path) -> None:
    """No file: Unavailable from every question, never None."""
    snapshot = Snapshot(tmp_path / "missing")
    assert not snapshot.is_ready
    for ask in (
        lambda: snapshot.get(b"a.example"),
        snapshot.as_of,
        snapshot.position,
        snapshot.entries,
        snapshot.profile_bodies,
        snapshot.profiles_generation,
    ):
        with pytest.raises(Unavailable):
            ask()


@pytest.mark.parametrize("key", [b"", b"x" * 512, b"\x00", b"\xff" * 100])
def test_odd_names_are_not_found(tmp_path: Path, key: bytes) -> None:
    """Octets no name can have are no error of the file."""
    build(tmp_path, a=b"1")
    snapshot = Snapshot(tmp_path)
    assert snapshot.get(key) is None
    assert snapshot.get(b"a.example") == b"1"
    snapshot.close()


def test_a_half_built_snapshot_is_not_served(tmp_path: Path) -> None:
    """Until a rebuild is finished readers have nothing, or the file before it."""
    writer = Writer(tmp_path)
    writer.begin_rebuild(at(1), AS_OF)
    writer.apply(put(a=b"1"), (), at(1), AS_OF)
    assert look(tmp_path, "a.example") == {"a.example": "unavailable"}
    writer.finish_rebuild()
    writer.begin_rebuild(at(2), AS_OF)
    writer.apply(put(b=b"2"), (), at(2), AS_OF)
    assert look(tmp_path, "a.example", "b.example") == {"a.example": "1", "b.example": None}
    writer.close()
    assert look(tmp_path, "a.example") == {"a.example": "1"}


def test_readers_move_to_a_rebuilt_file_by_themselves(tmp_path: Path) -> None:
    """A reader keeps answering from the old generation and moves within LOOK_S."""
    build(tmp_path, 1, a=b"1")
    ticks = Ticks()
    snapshot = Snapshot(tmp_path, monotonic=ticks)
    build(tmp_path, 2, a=b"2")
    assert snapshot.get(b"a.example") == b"1"
    ticks.now_s += reader.LOOK_S
    assert snapshot.get(b"a.example") == b"2"
    assert len(list(tmp_path.glob(f"{layout.GENERATION_PREFIX}*"))) == 1
    snapshot.close()


def test_a_reader_starts_answering_when_the_first_snapshot_comes(tmp_path: Path) -> None:
    """An edge that started before its follower needs no restart."""
    ticks = Ticks()
    snapshot = Snapshot(tmp_path, monotonic=ticks)
    build(tmp_path, a=b"1")
    ticks.now_s += reader.LOOK_S
    assert snapshot.is_ready
    assert snapshot.get(b"a.example") == b"1"
    snapshot.close()


def test_a_stale_snapshot_is_served_with_its_age(tmp_path: Path) -> None:
    """When `current` disappears or leads nowhere, the open file stays in use."""
    build(tmp_path, a=b"1")
    ticks = Ticks()
    snapshot = Snapshot(tmp_path, monotonic=ticks)
    (tmp_path / layout.CURRENT).unlink()
    (tmp_path / layout.CURRENT).symlink_to("gen-99999999")
    ticks.now_s += reader.LOOK_S
    assert snapshot.get(b"a.example") == b"1"
    assert snapshot.as_of() == AS_OF
    snapshot.close()


def data_file(directory: Path) -> Path:
    """The data file in use."""
    return directory / layout.CURRENT / layout.DATA_FILE


def truncate(directory: Path) -> None:
    """Cut the file to its first two pages, as a full disk or a bad copy does."""
    with data_file(directory).open("r+b") as file:
        file.truncate(8192)


def scribble(directory: Path) -> None:
    """Overwrite both roots."""
    with data_file(directory).open("r+b") as file:
        file.write(b"no database at all" * 1000)


def empty(directory: Path) -> None:
    """Leave a file of no octets."""
    data_file(directory).write_bytes(b"")


def remove(directory: Path) -> None:
    """Leave the directory without its file."""
    data_file(directory).unlink()


def turn_foreign(directory: Path) -> None:
    """Make the meta row one of another format."""
    environment = lmdb.open(str(directory / layout.CURRENT), max_dbs=4, map_size=1 << 30)
    with environment.begin(write=True, db=environment.open_db(layout.META)) as writing:
        writing.put(layout.META_KEY, b"\xff\xff" + bytes(32))
    environment.close()


@pytest.mark.parametrize("damage", [truncate, scribble, empty, remove, turn_foreign])
def test_an_unusable_file_is_refused_by_readers_and_rebuilt_by_the_writer(
    tmp_path: Path, damage: object
) -> None:
    """Damaged, missing or of another format: Unavailable at the edge, empty for the follower."""
    build(tmp_path, 1, **{f"n{number}": b"x" * 300 for number in range(200)})
    assert callable(damage)
    damage(tmp_path)
    assert look(tmp_path, "n1.example") == {"n1.example": "unavailable"}
    writer = Writer(tmp_path)
    assert writer.position() is None
    writer.begin_rebuild(at(1), AS_OF)
    writer.apply(put(n1=b"2"), (), at(1), AS_OF)
    writer.finish_rebuild()
    writer.close()
    assert look(tmp_path, "n1.example") == {"n1.example": "2"}


def test_a_copied_link_is_replaced(tmp_path: Path) -> None:
    """A backup that made a directory of the link `current` does not stop the follower."""
    build(tmp_path, 1, a=b"1")
    link = tmp_path / layout.CURRENT
    generation = tmp_path / link.readlink()
    link.unlink()
    shutil.copytree(generation, link)
    build(tmp_path, 2, a=b"2")
    assert Snapshot(tmp_path).get(b"a.example") == b"2"


def test_position_rows_and_time_survive_a_new_writer(tmp_path: Path) -> None:
    """A follower goes on from where the last one stood; the time never runs backwards."""
    build(tmp_path, 3, a=b"1")
    writer = Writer(tmp_path)
    assert writer.position() == at(3)
    writer.apply(put(a=None, b=b"2"), (), at(4), AS_OF - timedelta(hours=1))
    assert (writer.position(), writer.as_of(), writer.entries()) == (at(4), AS_OF, 1)
    writer.close()
    assert look(tmp_path, "a.example", "b.example") == {"a.example": None, "b.example": "2"}


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """A second follower on one directory is refused while the first lives."""
    first = Writer(tmp_path)
    with pytest.raises(Unavailable):
        Writer(tmp_path)
    first.close()
    Writer(tmp_path).close()


def test_profiles_number_stands_for_their_content(tmp_path: Path) -> None:
    """Equal profiles have equal numbers in any file; a change gives another."""
    numbers = []
    for name, bodies in (("x", (b"1", b"2")), ("y", (b"2",)), ("z", (b"3",))):
        writer = Writer(tmp_path / name)
        writer.begin_rebuild(at(1), AS_OF)
        for body in bodies:
            change = ProfileChange(tenant_id=TenantId(TENANT), id=ProfileId("p"), body=body)
            writer.apply((), (change,), at(1), None)
        writer.finish_rebuild()
        writer.close()
        snapshot = Snapshot(tmp_path / name)
        numbers.append(snapshot.profiles_generation())
        snapshot.close()
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_snapshot_is_refused_after_a_fork(tmp_path: Path) -> None:
    """A child that inherited the reader may not use it, however it asks; the parent goes on."""
    build(tmp_path, a=b"1")
    program = (
        "import os, sys\nfrom pathlib import Path\n"
        "from proxy.snapshot.reader import ForkedSnapshotError, Snapshot\n"
        "snapshot = Snapshot(Path(sys.argv[1]))\n"
        "child = os.fork()\n"
        "if child == 0:\n"
        "    try:\n"
        "        snapshot.get(b'a.example')\n"
        "    except ForkedSnapshotError:\n"
        "        os._exit(42)\n"
        "    os._exit(1)\n"
        "assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 42\n"
        "assert snapshot.get(b'a.example') == b'1'\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True)


def test_a_writer_with_a_larger_map_does_not_stop_readers(tmp_path: Path) -> None:
    """MapResizedError is answered by taking the new size, within the same look-up."""
    build(tmp_path, a=b"1")
    snapshot = Snapshot(tmp_path)
    environment = snapshot._environment
    assert environment is not None
    environment.set_mapsize(1 << 20)  # now smaller than what another process has written below
    grow = (
        "import lmdb, sys\n"
        "env = lmdb.open(sys.argv[1], map_size=64 << 30, max_dbs=4)\n"
        "db = env.open_db(b'records')\n"
        "with env.begin(write=True, db=db) as w:\n"
        "    for n in range(20000): w.put(b'%06d.example' % n, b'x' * 300)\n"
    )
    look_apart(tmp_path, grow)
    assert snapshot.get(b"a.example") == b"1"
    assert snapshot.get(b"019999.example") == b"x" * 300
    snapshot.close()


def look_apart(directory: Path, program: str) -> None:
    """Run a program on the generation in use, in a process of its own."""
    subprocess.run([sys.executable, "-c", program, str(directory / layout.CURRENT)], check=True)


def test_meta_of_another_length_is_invalid_input() -> None:
    """Whatever octets stand in the meta row, the answer is a value or InvalidInput."""
    for length in range(64):
        with pytest.raises(InvalidInput):
            layout.decode_meta(b"\xee" * length)
    whole = layout.Meta(1, 2, AS_OF, 3)
    assert layout.decode_meta(layout.encode_meta(whole)) == whole
    assert issubclass(InvalidInput, ProxyError)
