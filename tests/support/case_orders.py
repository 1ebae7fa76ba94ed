"""Cases and orders of theirs, built event by event: for the rules, and for a vault's database."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from proxy.model.case import (
    FIRST_PREVIOUS,
    Basis,
    CaseId,
    CaseTypeId,
    Event,
    FieldClass,
)
from proxy.model.case_state import OPEN
from proxy.model.case_type import Act, CaseType
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
from proxy.model.roster import Person, Rule, StaffRole
from proxy.rules.case_orders import Known
from proxy.rules.casework import fields, folding
from tests.support import papers, registrar_keys

if TYPE_CHECKING:
    from proxy.model.case import Fact
    from proxy.model.roster import Roster

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
TENANT = TenantId(UUID("01890000-0000-7000-8000-000000000001"))
REGISTRATION = RegistrationId(UUID("01890000-0000-7000-8000-0000000000aa"))
TYPE = CaseTypeId("third_party_claim")
DOMAIN = DomainName("xn--bcher-kva.example")
ASKED = ("registrant.email", "registrant.name")
REASONS, IDENTITY, INSTRUMENT = (
    hashlib.sha256(one.encode()).hexdigest() for one in ("reasons", "identity", "instrument")
)
CERTIFICATE = UUID("01890000-0000-7000-8000-0000000000cc")
RECORD = RecordRef(record_class=RecordClass.IDENTITY, version=1, sha256="5e" * 32)
KEY = "A1" * 20

ANNA, BEN, CHRIS = papers.ANNA, papers.BEN, papers.CHRIS
DORA, EMIL, FAY, GUS = (papers.hand(name) for name in ("dora", "emil", "fay", "gus"))
MEMBERS = (
    papers.member(ANNA, papers.passkey_hand("anna"), roles={StaffRole.LEGAL}),
    papers.member(BEN, papers.passkey_hand("ben"), roles={StaffRole.DECIDER, StaffRole.ON_CALL}),
    papers.member(CHRIS, roles={StaffRole.DPO}),
    papers.member(DORA, roles={StaffRole.DIRECTOR, StaffRole.DECIDER}),
    papers.member(EMIL, roles={StaffRole.RELEASER, StaffRole.LEGAL, StaffRole.DECIDER}),
    papers.member(FAY, papers.passkey_hand("fay"), roles={StaffRole.ON_CALL, StaffRole.DECIDER}),
    papers.member(GUS, roles={StaffRole.HANDLER, StaffRole.DECIDER}),
)
VOTERS = frozenset({StaffRole.DECIDER, StaffRole.LEGAL, StaffRole.DIRECTOR, StaffRole.ON_CALL})
EACH = {
    OrderKind.DISCLOSE: (StaffRole.DECIDER, StaffRole.LEGAL),
    OrderKind.DISCLOSE_URGENTLY: (StaffRole.ON_CALL,),
    OrderKind.PUBLISH: (StaffRole.DIRECTOR, StaffRole.LEGAL),
    OrderKind.LIFT_HOLD: (StaffRole.LEGAL,),
    OrderKind.GAG: (StaffRole.LEGAL,),
    OrderKind.LIFT_GAG: (StaffRole.LEGAL,),
}
RULES = (
    *registrar_keys.RULES,
    *(
        Rule(
            kind=kind,
            approvals=3 if kind is OrderKind.PUBLISH else 2,
            voters=VOTERS,
            each=EACH.get(kind, ()),
            fields=frozenset(fields.FIELD_CLASSES),
        )
        for kind in OrderKind
        if kind not in OF_NO_CASE
    ),
)
EVERYBODY = (ANNA, BEN, CHRIS, DORA, EMIL, FAY, GUS, *papers.SAFES)
FACTS: dict[str, Any] = {"members": MEMBERS, "rules": RULES}


def act(order: OrderKind) -> Act:
    """An act of a table that asks for an order."""
    return Act(
        id=f"ask_{order.name.lower()}", says="", when=frozenset(), by=frozenset(), to="", needs=(),
        facts=(),
        starts=(), ends=(), tasks=(), done=(), sends=(), sets=frozenset(), clears=frozenset(),
        outcome=None, order=order, effect=None,
        is_material=True,
    )  # fmt: skip


CASE_TYPE = CaseType(
    id=TYPE,
    letter="a",
    title="A claim",
    source="test",
    version=1,
    bases=frozenset(Basis),
    may_disclose=frozenset({FieldClass.PUBLIC_EQUIV}),
    items=(),
    first="received",
    starts=(),
    states={"received": "", "closed": ""},
    ends=frozenset({"closed"}),
    lapses=frozenset(),
    acts=tuple(act(one) for one in OrderKind),
    deadlines={},
)
TYPES = {TYPE: CASE_TYPE}


@dataclass(slots=True)
class Chain:
    """A case's events; by default one on the way to a disclosure."""

    case_id: CaseId = field(default_factory=lambda: CaseId(uuid4()))
    tenant_id: TenantId = TENANT
    registration_id: RegistrationId = REGISTRATION
    domain: DomainName = DOMAIN
    now: datetime = NOW
    events: list[Event] = field(default_factory=list)

    def tell(self, what: str, by: tuple[str, str] = ("gus", "handler"), **facts: Fact) -> Event:
        """One more event."""
        actor, role = by
        event = Event(
            case_id=self.case_id,
            seq=len(self.events) + 1,
            id=uuid4(),
            previous=self.events[-1].digest() if self.events else FIRST_PREVIOUS,
            actor=actor,
            role=role,
            act=what,
            facts=facts,
            at=self.now,
        )
        self.events.append(event)
        return event

    def open(self) -> Chain:
        """Received, with a handler, papers and a requester who was verified."""
        self.tell(
            OPEN, ("requester", "requester"), type=TYPE, tenant=str(self.tenant_id),
            registration=str(self.registration_id), domain=self.domain,
            event_date=self.now.isoformat(), channel="form", fields=ASKED, items=(),
            state="received",
        )  # fmt: skip
        self.tell("handler_assigned", person="gus")
        for sha256 in (REASONS, IDENTITY, INSTRUMENT):
            self.tell("evidence_added", evidence=str(uuid4()), kind="letter", sha256=sha256)
        self.tell("evidence_added", evidence=str(CERTIFICATE), kind="certificate", sha256="cc" * 32)
        self.verify()
        return self

    def verify(self, **changes: Fact) -> None:
        """The requester is who they say, for a month."""
        facts: dict[str, Fact] = {
            "until": (self.now + timedelta(days=30)).isoformat(), "level": 2, "material": True,
            "number_from": "independent", "taker": "gus",
        }  # fmt: skip
        self.tell("verify_requester", ("vera", "verifier"), **(facts | changes))

    def valid(self, *fields: str) -> None:
        """An instrument was found valid, and names these fields."""
        self.tell("find_valid", ("anna", "legal"), fields=fields, material=True)

    def breach(self) -> None:
        """The window for assurances passed; two people found a breach."""
        due = self.now.isoformat()
        self.tell("deadline_set", ("system", "system"), deadline="assurances", round=1, due_at=due)
        self.tell("deadline_due", ("timer", "timer"), deadline="assurances", round=1, late_by_s=0)
        self.tell("find_breach", ("anna", "legal"), verdict="breach", material=True)
        self.tell("confirm_breach", ("ben", "decider"), verdict="breach", material=True)

    def known(self, **changes: Any) -> Known:
        """The case as a vault knows it."""
        whole: dict[str, Any] = {
            "case": folding.fold(self.events),
            "events": {one.digest().hex(): one.seq for one in self.events},
            "type": CASE_TYPE,
            "is_gagged": False,
            "is_held": False,
            "is_vetoed": False,
            "are_records_true": True,
        }
        return Known(**(whole | changes))

    def subject(self, **changes: Any) -> CaseSubject:
        """What an order of this case is about, as it stands."""
        case = folding.fold(self.events)
        whole = CaseSubject(
            case=self.case_id,
            case_type=TYPE,
            event=self.events[-1].digest().hex(),
            tenant_id=self.tenant_id,
            registration_id=self.registration_id,
            domain=self.domain,
            unicode_name="bücher.example" if self.domain.startswith("xn--") else "",
            event_date=case.event_date.replace(microsecond=0),
            basis=Basis.LEGITIMATE_INTEREST,
            instrument="",
            reasons=REASONS,
            overlays=tuple(sorted(case.overlays)),
            overrides_veto=False,
            deed=None,
        )
        return dataclasses.replace(whole, **changes)

    def order(self, under: Roster, kind: OrderKind, **changes: Any) -> Order:
        """A sound order of that kind; changes are of the order or of its subject."""
        names = {one.name for one in dataclasses.fields(Order)}
        own = {name: value for name, value in changes.items() if name in names}
        rest = {name: value for name, value in changes.items() if name not in names}
        start = self.now.replace(microsecond=0)
        is_urgent = kind is OrderKind.DISCLOSE_URGENTLY
        facts: dict[str, Any] = {"deed": deed(kind)}
        if is_urgent:
            facts["basis"] = Basis.EMERGENCY
        if kind is OrderKind.GAG:
            facts["instrument"] = INSTRUMENT
        whole = Order(
            deployment=under.deployment,
            id=OrderId(uuid4()),
            kind=kind,
            roster_version=under.version,
            roster=papers.sha256(under),
            proposer=Person("paul"),
            handler=Person("gus"),
            releaser=Person("emil" if "disclose" in kind.value else ""),
            reason="Claim 17; the registrant was heard.",
            not_before=start,
            expires_at=start + (timedelta(minutes=60) if is_urgent else timedelta(hours=72)),
            subject=self.subject(**(facts | rest)),
        )
        return dataclasses.replace(whole, **own)


def recipient(**changes: Any) -> Recipient:
    """To whom a package goes."""
    whole = Recipient(
        name="Dr. Ada Müller",
        organization="Kanzlei Müller",
        identity=IDENTITY,
        openpgp=KEY,
        certificate=str(CERTIFICATE),
    )
    return dataclasses.replace(whole, **changes)


def deed(kind: OrderKind, **changes: Any) -> Disclosure | Publication | Silence | None:
    """What an order of a kind does beside its kind."""
    if kind in {OrderKind.DISCLOSE, OrderKind.DISCLOSE_URGENTLY}:
        whole = Disclosure(
            fields=ASKED,
            records=(RECORD,),
            recipient=recipient(),
            terms="7e" * 32,
            delete_by="2027-05-01",
        )
        return dataclasses.replace(whole, **changes)
    if kind is OrderKind.PUBLISH:
        return dataclasses.replace(Publication(fields=ASKED, records=(RECORD,)), **changes)
    return Silence(until=NOW + timedelta(days=90)) if kind is OrderKind.GAG else None
