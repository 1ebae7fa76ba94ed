"""WHOIS answers from templates prepared once per profile and shape of record. Pure.

A shape is everything of a record that decides which lines there are (mode, statuses, signed or
not, which dates exist ...). For a new shape a probe record with marks in place of its values goes
through wire/whois_layout, the one definition; what comes back, cut at the marks, is the template.
So there is no second layout to keep equal: each template is checked when made, and a property test
proves the answers equal.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import msgspec

from proxy.model import names
from proxy.model.identifiers import DomainName
from proxy.model.public_record import ConsentedField
from proxy.model.registration import Nameserver
from proxy.wire import whois_layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.public_record import Profile, PublicRecord

MAX_SHEETS: Final = 1_024
"""Templates kept, about 3 kB each. Registrars choose statuses and resellers, so it is bounded."""

_MARK: Final = re.compile("\ue000([0-9]+)\ue001")
# Moments can not carry a mark; no registry knows these years.
_UPDATED: Final = datetime(1, 1, 1, tzinfo=UTC)
_CREATED: Final = datetime(2, 1, 1, tzinfo=UTC)
_REGISTRY_EXPIRES: Final = datetime(3, 1, 1, tzinfo=UTC)
_REGISTRAR_EXPIRES: Final = datetime(4, 1, 1, tzinfo=UTC)
_AS_OF: Final = datetime(5, 1, 1, tzinfo=UTC)
_NEXT_NAMESERVER: Final = "\r\nName Server: "

_NONE: Final = "-"  # never shown: its mark is not in the template

Values = tuple[str, ...]

# IDNA work is 50 us a name; the names asked for again and again are few.
_unicode_name = functools.lru_cache(maxsize=4_096)(names.unicode_name)


class Sheets:
    """The templates of one profile."""

    def __init__(self, profile: Profile) -> None:
        """Prepare none yet: they are made as shapes are met."""
        self.profile = profile
        self._sheets: dict[tuple[object, ...], Callable[[Values], str]] = {}

    def render(self, record: PublicRecord, as_of: datetime, as_of_text: str) -> bytes:
        """The bytes that whois_layout.render gives; `as_of_text` is moment_text(as_of)."""
        domain = record.domain
        dnssec = record.dnssec
        unicode_name = _unicode_name(domain) if "xn--" in domain else None
        shape = (
            domain[domain.rfind(".") :],  # the TLD decides the layout
            record.accreditation,
            record.mode,
            record.reseller,
            record.statuses,
            not dnssec.ds and not dnssec.keys,
            unicode_name is None,
            record.registry_domain_id is None,
            record.registrant_registry_id is None,
            record.updated_at is None,
            record.registry_expires_at is None,
            record.registrar_expires_at is None,
            not record.nameservers,
            _grounds(record) if record.consented else (),
        )
        values = _values(record, unicode_name, as_of_text)
        if values is not None:
            fill = self._sheets.get(shape)
            if fill is not None:
                return fill(values).encode("utf-8", "replace")
        answer = whois_layout.render_as(
            record,
            self.profile,
            as_of,
            layout=self.profile.layout_for(domain).layout,
            unicode_name=unicode_name,
        )
        if values is not None:
            self._learn(shape, record, values, answer)
        return answer

    def _learn(
        self, shape: tuple[object, ...], record: PublicRecord, values: Values, answer: bytes
    ) -> None:
        """Keep a template for `shape`, if with these values it gives this answer."""
        probe = whois_layout.render_as(
            _probe(record),
            self.profile,
            _AS_OF,
            layout=self.profile.layout_for(record.domain).layout,
            unicode_name=None if values[1] == _NONE else _mark(1),
        )
        fill = _template(probe.decode())
        if fill(values).encode("utf-8", "replace") != answer:
            return  # a profile that holds our marks: slow, but right
        if len(self._sheets) >= MAX_SHEETS:
            self._sheets.clear()
        self._sheets[shape] = fill


def _values(record: PublicRecord, unicode_name: str | None, as_of_text: str) -> Values | None:
    """What goes into the marks 0, 1, 2 ...; None when a value needs more care than that."""
    if record.published:  # few names, and any field of any contact: they go the long way
        return None
    registry_id = record.registry_domain_id
    registrant_id = record.registrant_registry_id
    reference = record.reference
    alias = record.alias
    hosts = [each.name for each in record.nameservers]
    # One look at all that should be plain words: a blank or a control character needs cleaning,
    # an empty value changes which lines there are.
    words = [record.domain, reference, alias, *hosts]
    if registry_id is not None:
        words.append(registry_id)
    if registrant_id is not None:
        words.append(registrant_id)
    text = "".join(words)
    if "" in words or " " in text or not text.isprintable():
        return None
    # Inline rather than in a function for optional moments: a call costs as much as its work.
    moment_text = whois_layout.moment_text
    updated_at = record.updated_at
    registry_expires_at = record.registry_expires_at
    registrar_expires_at = record.registrar_expires_at
    registry_expires = _NONE if registry_expires_at is None else moment_text(registry_expires_at)
    if registrar_expires_at == registry_expires_at:
        registrar_expires = registry_expires
    else:
        registrar_expires = (
            _NONE if registrar_expires_at is None else moment_text(registrar_expires_at)
        )
    values: Values = (
        record.domain,
        unicode_name or _NONE,
        registry_id or _NONE,
        registrant_id or _NONE,
        _NONE if updated_at is None else moment_text(updated_at),
        moment_text(record.created_at),
        registry_expires,
        registrar_expires,
        reference,
        alias,
        as_of_text,
        _NEXT_NAMESERVER.join(hosts),
    )
    if record.consented:
        shown = [whois_layout.clean(each.value) for each in record.consented]
        return None if "" in shown else (*values, *shown)
    return values


def _grounds(record: PublicRecord) -> tuple[object, ...]:
    """Which fields are shown by consent, and why."""
    return tuple([(each.field, each.ground) for each in record.consented])


def _mark(number: int) -> str:
    return f"\ue000{number}\ue001"


def _probe(record: PublicRecord) -> PublicRecord:
    """`record` with marks for its values, in the order of _values."""
    return msgspec.structs.replace(
        record,
        domain=DomainName(_mark(0)),
        registry_domain_id=None if record.registry_domain_id is None else _mark(2),
        registrant_registry_id=None if record.registrant_registry_id is None else _mark(3),
        updated_at=None if record.updated_at is None else _UPDATED,
        created_at=_CREATED,
        registry_expires_at=None if record.registry_expires_at is None else _REGISTRY_EXPIRES,
        registrar_expires_at=None if record.registrar_expires_at is None else _REGISTRAR_EXPIRES,
        reference=_mark(8),
        alias=_mark(9),
        nameservers=(Nameserver(name=DomainName(_mark(11))),) if record.nameservers else (),
        consented=tuple(
            ConsentedField(field=each.field, value=_mark(12 + index), ground=each.ground)
            for index, each in enumerate(record.consented)
        ),
    )


def _template(text: str) -> Callable[[Values], str]:
    """What fills the marks of `text`, a rendered probe, with values."""
    for number, moment in (
        (4, _UPDATED),
        (5, _CREATED),
        (6, _REGISTRY_EXPIRES),
        (7, _REGISTRAR_EXPIRES),
        (10, _AS_OF),
    ):
        text = text.replace(whois_layout.moment_text(moment), _mark(number))
    pieces = _MARK.split(text)  # text, number, text, number ... text
    order = itemgetter(*map(int, pieces[1::2]))

    def fill(values: Values) -> str:
        filled = pieces.copy()
        filled[1::2] = order(values)
        return "".join(filled)  # a fifth of the time of the % operator

    return fill
