"""The plan of escrow: what it says, and that every fault is told at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from escrow import plan
from escrow.model import FormatName, Options, Whose
from proxy.errors import InvalidInput
from proxy.model.deposit import Kind

if TYPE_CHECKING:
    from escrow.model import Stream

EXAMPLE = Path(plan.__file__).with_name("plan.example.toml")
REGISTRAR = "01890000-0000-7000-8000-000000000001"
LEAST = {
    "id": '"heron"',
    "registrar": f'"{REGISTRAR}"',
    "accreditation": '"iana-9999"',
    "whose": '"ours"',
    "format": '"csv2024"',
    "agent": '"harbour-escrow"',
    "full": '"sun 02:00"',
    "directory": '"inbox"',
}


def text(options: str = "", **changes: str | None) -> str:
    """A plan of one stream; a change of None leaves a key out."""
    values = {key: value for key, value in (LEAST | changes).items() if value is not None}
    lines = [f"{key} = {value}" for key, value in values.items()]
    return "\n".join(["[[stream]]", *lines, *(["[stream.options]", options] if options else [])])


def parsed(options: str = "", **changes: str | None) -> Stream:
    """The one stream of a plan."""
    (found,) = plan.parse(text(options, **changes))
    return found


def faults(given: str) -> dict[str, str]:
    """Where a plan is wrong, with the code of each fault."""
    with pytest.raises(InvalidInput, match="escrow_plan") as caught:
        plan.parse(given)
    found = {one.pointer: one.code for one in caught.value.faults}
    assert len(found) == len(caught.value.faults), "one fault a place"
    assert all(one.pointer.lstrip("/") in caught.value.detail for one in caught.value.faults)
    return found


def test_the_example_parses() -> None:
    """The file that operators copy is a plan, and shows every purpose and every format."""
    streams = plan.read(EXAMPLE)
    assert {one.whose for one in streams} == set(Whose)
    assert {one.format for one in streams} == set(FormatName)


def test_the_example_shows_every_key() -> None:
    """Nothing may be set that the example does not explain."""
    shown = EXAMPLE.read_text("utf-8")
    keys = {*LEAST, "incremental", "time_zone", "cool_down", "receipt_within", "user", "receipts"}
    keys |= {"receipts_directory", "unsigned_receipts"}
    options = {*Options.__dataclass_fields__} - {"underlying_only"}  # follows from `whose`
    assert [name for name in sorted(keys | options) if f"\n{name} = " not in shown] == []


def test_a_stream_says_what_its_entry_says() -> None:
    """Every key reaches its field, in units of the field."""
    one = plan.read(EXAMPLE)[0]
    assert (one.id, one.tenant_id, one.accreditation) == (
        "heron-2024",
        UUID(REGISTRAR),
        "iana-9999",
    )
    assert (one.whose, one.format, one.agent) == (Whose.OURS, FormatName.CSV_2024, "harbour-escrow")
    assert one.schedule.full_days == {6}
    assert (one.schedule.hour, one.schedule.minute) == (2, 0)
    assert one.schedule.incremental_days == {0, 1, 2, 3, 4, 5}
    assert one.schedule.time_zone == "Europe/Zurich"
    assert (one.cool_down_s, one.receipt_within_s) == (7_200, 86_400)
    assert (one.directory, one.user, one.receipts_directory) == ("inbox", "heron", "reports")
    assert (one.receipts, one.unsigned_receipts) == ("*_report*.xml", False)
    assert one.options == Options()


def test_what_is_left_out_has_its_default() -> None:
    """The least entry makes weekly full deposits in UTC."""
    one = parsed()
    assert one.schedule.incremental_days == frozenset()
    assert one.schedule.time_zone == "UTC"
    assert (one.cool_down_s, one.receipt_within_s) == (7_200, 86_400)
    assert (one.user, one.receipts, one.receipts_directory) == ("", "", "")
    assert (one.unsigned_receipts, one.options) == (False, Options())


@pytest.mark.parametrize(
    ("full", "days", "hour", "minute"),
    [
        ("sun 02:00", {6}, 2, 0),
        ("mon,thu 23:59", {0, 3}, 23, 59),
        ("daily 00:00", {0, 1, 2, 3, 4, 5, 6}, 0, 0),
    ],
)
def test_full_names_days_and_a_time(full: str, days: set[int], hour: int, minute: int) -> None:
    """Days are Monday 0 to Sunday 6, the time is of the day."""
    schedule = parsed(full=f'"{full}"').schedule
    assert schedule.full_days == days
    assert (schedule.hour, schedule.minute) == (hour, minute)


def test_a_day_with_a_full_deposit_has_no_incremental_one() -> None:
    """`daily` means every other day."""
    schedule = parsed(full='"mon,sun 02:00"', incremental='"daily"').schedule
    assert schedule.incremental_days == {1, 2, 3, 4, 5}


@pytest.mark.parametrize(
    ("written", "seconds"), [("0s", 0), ("90m", 5_400), ("2h", 7_200), ("1d", 86_400)]
)
def test_times_have_a_unit(written: str, seconds: int) -> None:
    """Seconds, minutes, hours, days."""
    assert parsed(cool_down=f'"{written}"').cool_down_s == seconds


@pytest.mark.parametrize("format_", ["csv2007", "csv2024"])
def test_a_registrar_that_deposits_itself_gets_the_people_alone(format_: str) -> None:
    """`whose` decides which columns there are."""
    assert parsed(whose='"registrar"', format=f'"{format_}"').options.underlying_only
    assert not parsed(whose='"ours"', format=f'"{format_}"').options.underlying_only


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("id", '"Heron"'),
        ("id", '"9heron"'),
        ("id", f'"h{"x" * 48}"'),
        ("id", "7"),
        ("registrar", '"heron"'),
        ("registrar", f'"{REGISTRAR.replace("-", "")}"'),
        ("accreditation", '"IANA 9999"'),
        ("whose", '"theirs"'),
        ("format", '"csv2025"'),
        ("agent", '"../agent"'),
        ("full", '"sun"'),
        ("full", '"sunday 02:00"'),
        ("full", '"sun 24:00"'),
        ("full", '"sun,sun 02:00"'),
        ("full", '"sun 2:00"'),
        ("full", '"off 02:00"'),
        ("incremental", '"hourly"'),
        ("incremental", '""'),
        ("incremental", "true"),
        ("incremental", '"sun"'),
        ("time_zone", '"Europe/Atlantis"'),
        ("time_zone", '"/etc/localtime"'),
        ("time_zone", '"../zoneinfo/UTC"'),
        ("time_zone", '"Europe"'),
        ("cool_down", '"2"'),
        ("cool_down", "7200"),
        ("cool_down", '"2 days"'),
        ("cool_down", '"25h"'),
        ("receipt_within", '"0s"'),
        ("receipt_within", '"15d"'),
        ("directory", '""'),
        ("directory", '"../out"'),
        ("user", '"a\\nb"'),
        ("receipts", '"reports/*.xml"'),
        ("receipts_directory", '"a/../b"'),
        ("unsigned_receipts", '"no"'),
    ],
)
def test_a_wrong_value_is_named_by_its_place(key: str, value: str) -> None:
    """A value that does not parse is one fault, at its key."""
    assert faults(text(**{key: value})) == {f"/stream/0/{key}": "invalid_setting"}


def test_options_are_a_table() -> None:
    """A value in their place is one fault."""
    assert faults(text() + '\noptions = "none"') == {"/stream/0/options": "invalid_setting"}


@pytest.mark.parametrize("key", list(LEAST))
def test_a_key_that_is_needed_is_missed(key: str) -> None:
    """Each of the least keys is needed."""
    left_out: dict[str, str | None] = {key: None}
    assert faults(text("", **left_out)) == {f"/stream/0/{key}": "missing_setting"}


@pytest.mark.parametrize(
    ("option", "format_"),
    [
        ('billing = "both"', "csv2024"),
        ("ascii_only = 1", "csv2024"),
        ('compression = "zip"', "csv2024"),
        ("part_octets = 10", "csv2024"),
        ("part_octets = true", "csv2024"),
        ("underlying_only = true", "csv2024"),
        ('incremental = "full"', "rfc8909"),
        ('provider_id = "a/b"', "rfc8909"),
        ('roid_suffix = "TOO-LONG-A-SUFFIX"', "rfc8909"),
        ('checksum = "MD5"', "rfc8909"),
        ('with_manifest = "yes"', "csv2024"),
    ],
)
def test_a_wrong_option_is_named_by_its_place(option: str, format_: str) -> None:
    """As with the keys of a stream."""
    name = option.partition(" ")[0]
    others = 'provider_id = "QH"\n' if format_ == "rfc8909" and name != "provider_id" else ""
    given = text(others + option, format=f'"{format_}"')
    assert faults(given) == {f"/stream/0/options/{name}": "invalid_setting"}


def test_an_option_of_another_format_is_refused() -> None:
    """Whoever reads the plan would think that it does something."""
    given = text('checksum = "CRC32"\nprovider_id = "QH"')
    assert faults(given) == {
        "/stream/0/options/checksum": "unused_setting",
        "/stream/0/options/provider_id": "unused_setting",
    }


def test_rfc8909_needs_a_provider_id() -> None:
    """Its header names us."""
    assert faults(text(format='"rfc8909"')) == {"/stream/0/options/provider_id": "missing_setting"}
    options = parsed('provider_id = "QH-0007"\nincremental = "incr"', format='"rfc8909"').options
    assert (options.provider_id, options.incremental) == ("QH-0007", Kind.INCR)


@pytest.mark.parametrize(("whose", "format_"), [("own-copy", "csv2024"), ("ours", "recovery")])
def test_our_own_copy_is_in_format_recovery_and_nothing_else_is(whose: str, format_: str) -> None:
    """An agent is never sent a recovery deposit, and our own copy loses nothing."""
    given = text(whose=f'"{whose}"', format=f'"{format_}"')
    assert faults(given) == {"/stream/0/format": "invalid_setting"}


def test_only_our_own_copy_holds_every_accreditation() -> None:
    """A deposit for an agent is of one accreditation."""
    assert faults(text(accreditation='"*"')) == {"/stream/0/accreditation": "invalid_setting"}
    own = parsed(accreditation='"*"', whose='"own-copy"', format='"recovery"')
    assert own.own_accreditation is None


def test_an_id_is_used_once() -> None:
    """Deposits, metrics and the ledger know a stream by it."""
    assert faults(text() + "\n" + text()) == {"/stream/1/id": "duplicate"}


def test_all_faults_are_told_at_once() -> None:
    """Of every stream, of its options, and of the file."""
    given = (
        "version = 2\n"
        + text("colour = 1", full='"never"', agent=None)
        + "\n"
        + text(id='"other"', time_zone='"Mars/Olympus"', speed='"fast"')
    )
    assert faults(given) == {
        "/version": "unknown_setting",
        "/stream/0/agent": "missing_setting",
        "/stream/0/full": "invalid_setting",
        "/stream/0/options/colour": "unknown_setting",
        "/stream/1/time_zone": "invalid_setting",
        "/stream/1/speed": "unknown_setting",
    }


@pytest.mark.parametrize("given", ["", "stream = 7", "stream = [1]", "[stream]"])
def test_a_plan_has_a_stream(given: str) -> None:
    """An empty plan is a mistake: without one, no plan is set."""
    assert faults(given) == {"/stream": "missing_setting"}


@pytest.mark.parametrize("content", [b"[[stream", b"\xff\xfe", b"#" * (plan.FILE_LIMIT_OCTETS + 1)])
def test_what_is_no_plan_is_refused(content: bytes, tmp_path: Path) -> None:
    """No TOML, no UTF-8, no end."""
    file = tmp_path / "plan.toml"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match="escrow_plan"):
        plan.read(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    """The sentence says which file and why."""
    with pytest.raises(InvalidInput, match="escrow_plan") as caught:
        plan.read(tmp_path / "plan.toml")
    assert "plan.toml" in caught.value.detail
