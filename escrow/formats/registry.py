"""The formats by name. The only place that knows them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from escrow.formats.csv2007 import Csv2007
from escrow.formats.csv2024 import Csv2024
from escrow.formats.recovery import Recovery
from escrow.formats.rfc8909 import Rfc8909
from escrow.model import FormatName

if TYPE_CHECKING:
    from collections.abc import Mapping

    from escrow.formats.base import Format

FORMATS: Mapping[FormatName, Format] = {
    FormatName.CSV_2007: Csv2007(),
    FormatName.CSV_2024: Csv2024(),
    FormatName.RFC8909: Rfc8909(),
    FormatName.RECOVERY: Recovery(),
}
