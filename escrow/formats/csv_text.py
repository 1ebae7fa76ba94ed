"""CSV lines (RFC 4180) from values and back. Pure; knows no column and no person.

Every value stands in quotes and is the value itself: nothing is trimmed, transliterated or put in
front of what a spreadsheet would take for a formula, because a deposit is read by programs that
restore people's data from it. Source: RFC 4180 s2; protocols facts s3.2.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput
from proxy.wire import whois_layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from proxy.model.registration import Declaration

STREET_SEPARATOR: Final = ", "
"""Between the lines of a street: both formats have one column, and agents differ on line ends."""


def line(values: Sequence[str]) -> str:
    """One row, CRLF at its end."""
    text = '"' + '","'.join(values) + '"\r\n'
    if text.count('"') == 2 * len(values):  # no value has one: nothing to double, in half the time
        return text
    return '"' + '","'.join([value.replace('"', '""') for value in values]) + '"\r\n'


def expiry(declared: Declaration) -> str:
    """When the name expires at the registry, else at the registrar; empty when nobody said."""
    return moment(declared.registry_expires_at or declared.registrar_expires_at)


def moment(at: datetime | None) -> str:
    """`2027-06-01T08:00:00Z`, or empty."""
    return "" if at is None else whois_layout.moment_text(at)


def records(lines: Iterable[str]) -> Iterator[list[str]]:
    """The rows; InvalidInput `csv_malformed` for what is no CSV.

    `lines` keep their line ends, because a value may hold some of its own.
    """
    reader = csv.reader(lines, strict=True)
    try:
        yield from reader
    except csv.Error:
        # The module's own message can quote what it read.
        raise InvalidInput(
            "csv_malformed", f"No CSV as in RFC 4180, at line {reader.line_num} of a file."
        ) from None
