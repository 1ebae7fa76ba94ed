"""What must hold of a deposit before it is sent: pure comparisons of counts, names and hashes.

Nothing is decrypted: what the format counted while it wrote is compared with what the snapshot
said before, and the files on disk with what was written to them. Source: peers facts s3.2 (names
were lost because deposits held only the mask), s5.11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from proxy.model.identifiers import Mode, Role

if TYPE_CHECKING:
    from collections.abc import Sequence

    from escrow.model import Head, Tally, Underlying

MASKED_MODES = frozenset({Mode.PROXY, Mode.PRIVACY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """Why a deposit must not be sent; `registrations` are ids."""

    code: str
    sentence: str
    registrations: tuple[str, ...] = ()


def is_empty(row: Underlying) -> bool:
    """Whether nobody is behind a name: no registrant, one without name or address, or a mask."""
    person = row.contacts.resolve(Role.REGISTRANT)
    return (
        person is None
        or not person.name.strip()
        or not person.email.strip()
        # A mask of ours enrolled as the person: what deposits have been worthless for.
        or person.email.rpartition("@")[2].lower() == row.profile.relay_domain
    )


def faults(head: Head, tally: Tally, *, erased: int) -> tuple[Fault, ...]:
    """What is wrong with a deposit as written; empty when it may be sent.

    `erased` registrations ended and were shredded after the snapshot, by the vault's own word.
    """
    found: list[Fault] = []
    if tally.domains != head.registrations - erased:
        found.append(
            Fault(
                code="escrow_count",
                sentence=f"{tally.domains} registrations were written, but the snapshot has "
                f"{head.registrations - erased}.",
            )
        )
    found += _named("escrow_unresolved", "refer to a contact that is not there", tally.unresolved)
    found += _named("escrow_empty_person", "have nobody behind them", tally.empty_persons)
    found += _named("escrow_unwritable", "do not fit this format's options", tally.unwritable)
    return tuple(found)


def _named(code: str, sentence: str, ids: Sequence[str]) -> tuple[Fault, ...]:
    if not ids:
        return ()
    text = f"{len(ids)} registrations {sentence}."
    return (Fault(code=code, sentence=text, registrations=tuple(ids)),)
