"""Orders of cases are pinned: what members have signed stays the very octets, and is read.

One file a kind; the manifest is of digests that votes name. None of these files is made anew once a
release has them; before that `python -m tests.vectors.test_case_order_vectors` writes them.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from proxy.model.case import Basis, CaseId, Overlay
from proxy.model.order import OF_NO_CASE, CaseSubject, Order, OrderId, OrderKind
from proxy.model.roster import Person
from proxy.wire import documents, order_document
from tests.support import case_orders, papers

FOLDER = Path(__file__).with_name("orders")
NAMES = sorted(path.name for path in FOLDER.glob("*.json"))
KINDS = [one for one in OrderKind if one not in OF_NO_CASE]


def made(kind: OrderKind) -> Order:
    """An order of a kind, always the same."""
    gives = "disclose" in kind.value
    return Order(
        deployment=papers.DEPLOYMENT,
        id=OrderId(UUID("ab" * 16)),
        kind=kind,
        roster_version=3,
        roster="1f" * 32,
        proposer=Person("paul"),
        handler=Person("gus"),
        releaser=Person("emil" if gives else ""),
        reason="Claim 17; the registrant was heard.",
        not_before=case_orders.NOW,
        expires_at=case_orders.NOW.replace(hour=13),
        subject=CaseSubject(
            case=CaseId(UUID("ca" * 16)),
            case_type=case_orders.TYPE,
            event="e7" * 32,
            tenant_id=case_orders.TENANT,
            registration_id=case_orders.REGISTRATION,
            domain=case_orders.DOMAIN,
            unicode_name="bücher.example",
            event_date=case_orders.NOW,
            basis=Basis.EMERGENCY if kind is OrderKind.DISCLOSE_URGENTLY else Basis.LEGAL_PROCESS,
            instrument=case_orders.INSTRUMENT,
            reasons=case_orders.REASONS,
            overlays=(Overlay.GAG, Overlay.SAFETY),
            overrides_veto=kind is OrderKind.DISCLOSE,
            deed=case_orders.deed(kind),
        ),
    )


def name_of(kind: OrderKind) -> str:
    """The kind's file."""
    return f"{kind.value.replace(' ', '-')}.json"


def test_manifest_names_every_vector() -> None:
    """One file a kind, with the digest that votes name, and no other."""
    lines = [f"{documents.digest((FOLDER / name).read_text())}  {name}\n" for name in NAMES]
    assert (FOLDER / "MANIFEST").read_text() == "".join(lines)
    assert sorted(map(name_of, KINDS)) == NAMES


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_order_is_read_and_rendered_as_it_was(kind: OrderKind) -> None:
    """Reading gives the facts, and both give the octets."""
    text = (FOLDER / name_of(kind)).read_text()
    assert order_document.parse(text) == made(kind)
    assert order_document.render(made(kind)) == text


if __name__ == "__main__":
    for each in KINDS:
        (FOLDER / name_of(each)).write_text(order_document.render(made(each)))
    (FOLDER / "MANIFEST").write_text(
        "".join(
            f"{documents.digest(order_document.render(made(each)))}  {name_of(each)}\n"
            for each in sorted(KINDS, key=name_of)
        )
    )
