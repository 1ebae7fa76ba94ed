"""Orders of cases as documents and in words: one text each, nothing that repaints a terminal."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model.case import Basis, CaseId, CaseTypeId, Overlay
from proxy.model.identifiers import DomainName, RecordClass, RegistrationId, TenantId
from proxy.model.order import (
    OF_NO_CASE,
    CaseSubject,
    Disclosure,
    Order,
    OrderId,
    OrderKind,
    Publication,
    Recipient,
    RecordRef,
    Silence,
)
from proxy.model.roster import DeploymentId, Person
from proxy.rules.casework.fields import FIELD_CLASSES
from proxy.wire import documents, order_document, plain_words
from tests.support import case_orders as support
from tests.support import papers

if TYPE_CHECKING:
    from collections.abc import Callable

ROSTER = papers.roster(**support.FACTS)
KINDS = [one for one in OrderKind if one not in OF_NO_CASE]
hex64 = st.binary(min_size=32, max_size=32).map(bytes.hex)
handles = st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True).map(Person)
moments = st.integers(0, 2**32).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
lines = st.text(min_size=1, max_size=200).filter(documents.is_line)
fields = st.sets(st.sampled_from(sorted(FIELD_CLASSES)), min_size=1).map(lambda x: tuple(sorted(x)))
records = st.dictionaries(
    st.sampled_from(RecordClass), st.tuples(st.integers(1, 2**31 - 1), hex64), min_size=1
).map(
    lambda found: tuple(
        RecordRef(record_class=one, version=found[one][0], sha256=found[one][1])
        for one in sorted(found)
    )
)
recipients = st.builds(
    lambda name, organization, identity, key, certificate: Recipient(
        name=name,
        organization=organization,
        identity=identity,
        openpgp=key,
        certificate=str(certificate) if key else "",
    ),
    lines,
    st.one_of(st.just(""), lines),
    hex64,
    st.sampled_from(["", "A1" * 20, "0F" * 32]),
    st.uuids(),
)
DEEDS: dict[OrderKind, st.SearchStrategy[Any]] = {
    OrderKind.PUBLISH: st.builds(Publication, fields=fields, records=records),
    OrderKind.GAG: st.builds(Silence, until=st.one_of(st.none(), moments)),
}
disclosures = st.builds(
    Disclosure,
    fields=fields,
    records=records,
    recipient=recipients,
    terms=hex64,
    delete_by=st.dates(date(1, 1, 1)).map(date.isoformat),
)


@st.composite
def orders(draw: Callable[..., Any]) -> Order:
    """Any order of a case that a document can say."""
    kind = draw(st.sampled_from(KINDS))
    domain, unicode_name = draw(
        st.sampled_from(
            [("harbour.example", ""), ("xn--bcher-kva.example", "bücher.example")]
        )
    )  # fmt: skip
    deed = draw(disclosures if "disclose" in kind.value else DEEDS.get(kind, st.none()))
    return Order(
        deployment=DeploymentId("0f" * 16),
        id=OrderId(draw(st.uuids())),
        kind=kind,
        roster_version=draw(st.integers(1, 2**31)),
        roster=draw(hex64),
        proposer=draw(handles),
        handler=draw(st.one_of(st.just(Person("")), handles)),
        releaser=draw(st.one_of(st.just(Person("")), handles)),
        reason=draw(lines),
        not_before=draw(moments),
        expires_at=draw(moments),
        subject=CaseSubject(
            case=CaseId(draw(st.uuids())),
            case_type=CaseTypeId(draw(st.from_regex(r"[a-z][a-z0-9_]{0,47}", fullmatch=True))),
            event=draw(hex64),
            tenant_id=TenantId(draw(st.uuids())),
            registration_id=RegistrationId(draw(st.uuids())),
            domain=DomainName(domain),
            unicode_name=unicode_name,
            event_date=draw(moments),
            basis=draw(st.sampled_from(Basis)),
            instrument=draw(st.one_of(st.just(""), hex64)),
            reasons=draw(hex64),
            overlays=tuple(sorted(draw(st.sets(st.sampled_from(Overlay))))),
            overrides_veto=draw(st.booleans()),
            deed=deed,
        ),
    )


@given(orders())
def test_what_is_rendered_is_read_back(order: Order) -> None:
    """And renders to the same octets again."""
    document = order_document.render(order)
    assert order_document.parse(document) == order
    assert order_document.render(order_document.parse(document)) == document


@given(orders())
def test_words_stay_on_their_lines(order: Order) -> None:
    """Every line is ours at its beginning and holds nothing that moves a cursor or hides text."""
    for line in plain_words.order(order, "ab" * 32, ROSTER):
        assert line.isprintable()
        assert not any(unicodedata.category(one) in {"Cc", "Cf", "Zl", "Zp"} for one in line)
        assert line.startswith(("Order ", "  "))


@given(orders())
def test_words_tell_everything_that_is_signed(order: Order) -> None:
    """Every digest, key, name, field and time of the document stands in the words."""
    shown = "\n".join(plain_words.order(order, "ab" * 32, ROSTER))
    subject = order.subject
    assert isinstance(subject, CaseSubject)
    wanted = [
        subject.domain, subject.unicode_name, subject.event, subject.instrument, subject.reasons,
        str(subject.case), str(subject.registration_id), str(subject.tenant_id),
        f"{order.expires_at:%Y-%m-%d %H:%M}", f"{order.not_before:%Y-%m-%d %H:%M}",
        f"{subject.event_date:%Y-%m-%d %H:%M}", order.proposer, order.releaser,
    ]  # fmt: skip
    deed = subject.deed
    if isinstance(deed, Disclosure):
        to = deed.recipient
        wanted += [to.identity, to.openpgp, to.certificate, deed.terms, deed.delete_by]
        assert ("PASS-PHRASE" in shown) == (not to.openpgp)
    if isinstance(deed, Disclosure | Publication):
        wanted += [one.sha256 for one in deed.records]
        assert shown.count("\n  gives       ") == len(deed.fields)
    assert ("VETO" in shown) == subject.overrides_veto
    assert shown.count("\n  over it     ") == max(1, len(subject.overlays))
    assert all(one in shown for one in wanted)
    irreversible = order.kind not in {OrderKind.DEACTIVATE, OrderKind.GAG}
    assert ("CAN NOT BE UNDONE" in shown) == irreversible


DOCUMENT = order_document.render(
    support.Chain().open().order(ROSTER, OrderKind.DISCLOSE, id=papers.order_id(7))
)


def changed(path: str, value: object) -> str:
    """The document with another value at a path, canonical again; None removes it."""
    facts = json.loads(DOCUMENT)
    *way, last = path.split("/")
    place: Any = facts
    for step in way:
        place = place[int(step) if step.isdecimal() else step]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return documents.render(facts)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "deactivate"),
        ("kind", "publish"),
        ("kind", "open everything"),
        ("more", 1),
        ("recipient", None),
        ("recipient/name", "x\u001b[2J"),
        ("recipient/name", "\u202exelA"),
        ("recipient/name", "a\nb"),
        ("recipient/name", "a" + "\u0301" * 5),
        ("recipient/name", ""),
        ("recipient/organization", "two  spaces"),
        ("recipient/openpgp", ""),
        ("recipient/openpgp", "a1" * 20),
        ("recipient/certificate", ""),
        ("recipient/certificate", str(support.CERTIFICATE).upper()),
        ("recipient/certificate", "somewhere"),
        ("fields", []),
        ("fields", ["registrant.name", "registrant.email"]),
        ("fields", ["registrant.name", "registrant.name"]),
        ("fields", ["registrant.*"]),
        ("fields", ["name"]),
        ("records", []),
        ("records/0/class", "everything"),
        ("records/0/version", 0),
        ("records/0/sha256", "5E" * 32),
        ("domain", "BÜCHER.example"),
        ("domain", "other.example"),
        ("unicode_name", "bucher.example"),
        ("unicode_name", ""),
        ("overlays", ["stay", "gag"]),
        ("overlays", ["gag", "gag"]),
        ("overlays", ["calm"]),
        ("overrides_veto", "no"),
        ("basis", "curiosity"),
        ("event", ""),
        ("reasons", ""),
        ("event_date", "yesterday"),
        ("delete_by", "2027-5-1"),
        ("delete_by", "2027-02-30"),
        ("case", "1"),
        ("agent_id", "harbour"),
    ],
)
def test_another_text_is_no_order(path: str, value: object) -> None:
    """Another shape, a list out of order, a name that is two names: all are one refusal."""
    with pytest.raises(InvalidInput) as refusal:
        order_document.parse(changed(path, value))
    assert refusal.value.code == "document_malformed"


@given(st.text(max_size=300))
def test_no_text_raises_anything_else(text: str) -> None:
    """Whatever comes is an order or InvalidInput."""
    for one in (text, DOCUMENT[: len(text)], DOCUMENT.replace("disclose", text)):
        try:
            order_document.parse(one)
        except InvalidInput:
            continue
