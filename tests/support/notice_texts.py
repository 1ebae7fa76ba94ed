"""The notices that come with the program, for a made-up office, and the list of their versions.

    python -m tests.support.notice_texts

adds what is new to tests/arch/notices.sha256. It changes no line that is there: words that changed
need the next version of their template, and a text that was signed stays for ever. Words of codes
have no version of their own; with --words theirs are written anew.
"""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from proxy.run import case_types, notices
from proxy.wire.notices import Catalogue, Office

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import Fact
    from proxy.model.case_type import Act, CaseType

SUMS: Final = Path(__file__).parent.parent / "arch" / "notices.sha256"
WORDS: Final = "words"
OFFICE: Final = Office(
    name="Quiet Harbour Privacy",
    mail="office@quiet-harbour.example",
    postal="1 Harbour Road, New Delhi",
    site="https://privacy.quiet-harbour.example",
    arbitration="arbitration.example",
    zone="Asia/Kolkata",
)
LINK: Final = f"{OFFICE.site}/n/{'t' * 43}"
WHOLE: Final[Mapping[str, Fact]] = {
    "domain": "kaveri-silk.example",
    "case": "01900000-0000-7000-8000-000000000001",
    "registration": "01900000-0000-7000-8000-000000000001",
    "items": ("claim", "authority"),
    "fields": ("registrant.name", "registrant.email", "admin.phone"),
    "primary": "no_standing",
    "basis": "legal_process",
    "verdict": "uphold",
    "instrument": "court_order",
    "whom": "court",
    "recipient": "requester",
}
"""A value for every fact that is no moment."""

MOMENT: Final = "2026-12-11T18:30:00+00:00"
"""Midnight in the office's zone."""


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A text's version and digest."""

    language: str
    name: str
    version: str
    sha256: str


def catalogue() -> Catalogue:
    """The program's own texts."""
    return Catalogue(notices.sources(), OFFICE)


def facts(texts: Catalogue, template: str) -> dict[str, Fact]:
    """All that a template needs, and what its table queues beside it."""
    known = case_types.templates().get(template)
    wants = () if known is None else known.wants
    names = texts.needs(template) | {one.partition("@")[0] for one in wants}
    found: dict[str, Fact] = {}
    for name in names - {"items_count"}:
        found[name] = WHOLE.get(name, MOMENT)
    if "items_count" in names:
        found["items"] = WHOLE["items"]
    return found


def sending() -> tuple[tuple[CaseType, Act, str], ...]:
    """Every act that sends a notice: its type, itself, the template."""
    return tuple(
        (kind, act, send.template)
        for kind in case_types.load().values()
        for act in kind.acts
        for send in act.sends
    )


def lines() -> tuple[Line, ...]:
    """What the list should hold of the texts as they are."""
    texts = catalogue()
    found = []
    for language in texts.languages:
        for name, version, sha256 in texts.digests(language):
            found.append(Line(language, name, str(version), sha256))
        words = hashlib.sha256("\0".join(texts.words(language)).encode()).hexdigest()
        found.append(Line(language, WORDS, "-", words))
    return tuple(sorted(found))


def recorded() -> tuple[Line, ...]:
    """What the list holds."""
    rows = SUMS.read_text("utf-8").splitlines() if SUMS.exists() else []
    return tuple(Line(*row.split()) for row in rows)


def main(with_words: str = "") -> int:
    """Add what is new; 1 where a line that is there would have to change."""
    old = {(one.language, one.name, one.version): one for one in recorded()}
    wrong = 0
    for one in lines():
        key = (one.language, one.name, one.version)
        before = old.get(key)
        may_change = one.name == WORDS and with_words == "--words"
        if before is None or may_change:
            old[key] = one
        elif before != one:
            wrong += 1
            print(f"{one.language} {one.name}: other words under version {one.version}")
    rows = (
        f"{one.language} {one.name} {one.version} {one.sha256}\n" for one in sorted(old.values())
    )
    if not wrong:
        SUMS.write_text("".join(rows), "utf-8")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
