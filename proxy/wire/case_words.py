"""Orders of cases in plain words: everything an approver must see before signing. Pure.

Every line begins with a word of ours; what others wrote stands alone at a line's end, and the
document that it comes from holds nothing that moves a cursor. Source: vault.md, Vote.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from proxy.model.case import Basis, Overlay
from proxy.model.order import Disclosure, OrderKind, Publication, Silence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from proxy.model.order import CaseSubject, RecordRef

_TIME = "%Y-%m-%d %H:%M UTC"
_WIDTH = 72

_DOES: Final[Mapping[OrderKind, tuple[str, ...]]] = {
    OrderKind.DISCLOSE: (
        "gives a person's data to the recipient below",
        "CAN NOT BE UNDONE: what was read is not unread",
    ),
    OrderKind.DISCLOSE_URGENTLY: (
        "gives a person's data to the recipient below, at once, in an emergency",
        "CAN NOT BE UNDONE: what was read is not unread",
    ),
    OrderKind.PUBLISH: (
        "shows a person's data to everybody in WHOIS and RDAP",
        "CAN NOT BE UNDONE: others copy what is published",
    ),
    OrderKind.RELEASE_PRIVACY: (
        "ends the privacy service for the name: the holder's data is shown to everybody",
        "CAN NOT BE UNDONE: others copy what is published",
    ),
    OrderKind.DEACTIVATE: (
        "has the name resolve no more: its web site and mail stop",
        "can be undone: the name resolves again once it is released",
    ),
    OrderKind.LIFT_HOLD: (
        "this case no longer keeps the registration's data from being erased",
        "CAN NOT BE UNDONE once data is erased; other cases' holds stay",
    ),
    OrderKind.GAG: (
        "the registrant is told nothing of this case",
        "can be undone: another order lifts it",
    ),
    OrderKind.LIFT_GAG: (
        "the registrant may be told of this case",
        "CAN NOT BE UNDONE once the registrant was told",
    ),
}

_BASES: Final[Mapping[Basis, str]] = {
    Basis.CONTRACT_BREACH: "breach of contract: the assurances of the indemnity path did not come",
    Basis.LEGITIMATE_INTEREST: "a legitimate interest that outweighs the registrant's",
    Basis.LEGAL_PROCESS: "legal process: a court's or an authority's instrument",
    Basis.EMERGENCY: "an emergency: danger to life, of serious injury, or to a child",
}

_OVERLAYS: Final[Mapping[Overlay, str]] = {
    Overlay.GAG: "GAG: the registrant may not be told",
    Overlay.HOLD: "hold: nothing is erased meanwhile",
    Overlay.SAFETY: "SAFETY: somebody may come to harm; one more person decides",
    Overlay.STAY: "STAY: a court has not decided yet; nothing may be released",
    Overlay.MINOR: "MINOR: the registrant may be a child",
    Overlay.UDRP_LOCK: "UDRP lock: the name has to keep resolving",
}

_FIELDS: Final[Mapping[str, str]] = {
    "name": "name",
    "organization": "organisation",
    "street": "street",
    "city": "city",
    "state": "state or province",
    "postal_code": "postal code",
    "country": "country",
    "phone": "telephone number",
    "phone_ext": "telephone extension",
    "fax": "fax number",
    "fax_ext": "fax extension",
    "email": "e-mail address",
}

_ROLES: Final[Mapping[str, str]] = {
    "registrant": "registrant (holder)",
    "admin": "administrative contact",
    "tech": "technical contact",
    "billing": "billing contact",
}


def lines(kind: OrderKind, subject: CaseSubject) -> Iterator[str]:
    """What an order of a case does, of whom, on what ground, a line each."""
    for text in _DOES[kind]:
        yield f"  does        {text}"
    yield f"  name        {subject.domain}"
    yield f"  unicode     {subject.unicode_name or 'none: the name is plain ASCII'}"
    yield f"  registered  {subject.registration_id}, of registrar {subject.tenant_id}"
    yield f"  concerns    whoever held the name on {subject.event_date:{_TIME}}"
    yield f"  case        {subject.case}, type {subject.case_type}"
    yield f"  as of       event {subject.event}"
    yield f"  ground      {_BASES[subject.basis]}"
    yield f"  instrument  {subject.instrument or 'none'}"
    yield f"  reasons     {subject.reasons}"
    yield from _over(subject)
    yield from _deed(subject)


def _over(subject: CaseSubject) -> Iterator[str]:
    if not subject.overlays:
        yield "  over it     nothing"
    for overlay in subject.overlays:
        yield f"  over it     {_OVERLAYS[overlay]}"
    if subject.overrides_veto:
        yield "  OVERRIDES   the data protection officer's VETO: counsel and a director answer"


def _deed(subject: CaseSubject) -> Iterator[str]:
    match subject.deed:
        case Disclosure() as deed:
            yield from _recipient(deed)
            yield from _fields(deed.fields, deed.records)
            yield f"  terms       {deed.terms}"
            yield f"  delete by   {deed.delete_by}"
        case Publication() as deed:
            yield "  recipient   EVERYBODY"
            yield from _fields(deed.fields, deed.records)
        case Silence() as deed:
            yield f"  gag until   {_until(deed.until)}"
        case None:
            pass


def _recipient(deed: Disclosure) -> Iterator[str]:
    to = deed.recipient
    for place, text in enumerate(textwrap.wrap(to.name, _WIDTH)):
        yield f"  {'recipient' if place == 0 else '':<11} | {text}"
    for place, text in enumerate(textwrap.wrap(to.organization, _WIDTH)):
        yield f"  {'of' if place == 0 else '':<11} | {text}"
    yield f"  proven by   {to.identity}"
    if to.openpgp:
        yield f"  sealed to   OpenPGP {to.openpgp}"
        yield f"              certificate {to.certificate}"
    else:
        yield "  sealed to   A PASS-PHRASE, read out on the verified call-back number: no key"


def _fields(fields: Sequence[str], records: Sequence[RecordRef]) -> Iterator[str]:
    """What is given, one field a line, by whose it is."""
    for field in fields:
        role, _, name = field.partition(".")
        yield f"  gives       {_ROLES.get(role, role)}: {_FIELDS.get(name, name)}"
    for one in records:
        yield f"  out of      {one.record_class} version {one.version}, {one.sha256}"


def _until(moment: datetime | None) -> str:
    return "it is lifted; reviewed every 90 days" if moment is None else f"{moment:{_TIME}}"
