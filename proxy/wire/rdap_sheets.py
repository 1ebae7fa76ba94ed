"""RDAP domain answers from templates prepared once per profile and shape of record. Pure.

A shape is what decides which members an answer has, apart from its lists (status, events, name
servers, DNSSEC), which are written per record. For a new shape a probe record with marks in place
of its values goes through wire/rdap_objects, the one definition; what comes back, cut at the
marks, is the template. A property test proves both equal for any record.

Everything is ASCII: other characters, quotes and `<` are escaped, so that no reader takes an
answer for a page, and the URL asked for and the snapshot's time are spliced in as they are.
"""

from __future__ import annotations

import functools
import json
import re
from datetime import datetime
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import TYPE_CHECKING, Final

import msgspec

from proxy.model import names
from proxy.model.identifiers import DomainName
from proxy.model.public_record import ConsentedField, ConsentedName
from proxy.wire import rdap_objects

if TYPE_CHECKING:
    from collections.abc import Callable

    from proxy.model.public_record import Profile, PublicRecord
    from proxy.model.registration import Dnssec, Nameserver

MAX_SHEETS: Final = 1024
"""Templates kept per profile, about 3 kB each; the shapes in use are a few dozen."""

_MARK: Final = re.compile(r"\\ue000([0-9]+)\\ue001")

# Places of the values, in the order in which render() lists them.
(
    _URL,
    _DOMAIN,
    _UNICODE,
    _HANDLE,
    _CONTACT_HANDLE,
    _RESELLER,
    _REFERENCE,
    _ALIAS,
    _NAME,
    _STATE,
    _COUNTRY,
) = range(11)
_STATUSES, _EVENTS, _NAMESERVERS, _SECURE_DNS = range(11, 15)
_LISTS: Final = {
    "status": _STATUSES,
    "events": _EVENTS,
    "nameservers": _NAMESERVERS,
    "secureDNS": _SECURE_DNS,
}
_CONSENTED: Final = {
    ConsentedName.NAME: _NAME,
    ConsentedName.STATE: _STATE,
    ConsentedName.COUNTRY: _COUNTRY,
}
_NOTHING: Final = ("", "", "")
_UNSIGNED: Final = '{"delegationSigned":false}'

# IDNA work costs 50 us a name; the names asked for again and again are few.
unicode_name = functools.lru_cache(maxsize=4096)(names.unicode_name)


def dump(tree: object) -> str:
    """JSON of `tree`, ASCII, without blanks, `<` escaped: no answer holds markup."""
    return json.dumps(tree, separators=(",", ":")).replace("<", "\\u003c")


class Sheets:
    """The templates of one profile."""

    def __init__(self, profile: Profile) -> None:
        """Prepare none yet: they are made as shapes are met."""
        self.profile = profile
        self._tables = profile.tld_tables
        self._default = profile.tld_tables["default"]
        self._sheets: dict[object, Callable[[tuple[str, ...]], str]] = {}

    def render(self, record: PublicRecord, asked: str, as_of: str) -> bytes:
        """The answer about `record`; `asked` is the URL, a URI; `as_of` as moment() writes it."""
        domain = record.domain
        u_labels = unicode_name(domain) if "xn--" in domain else None
        handle = record.registry_domain_id
        contact_handle = record.registrant_registry_id
        consented = record.consented
        layout = self._tables.get(domain[domain.rfind(".") + 1 :], self._default).layout
        shape = (
            layout,
            record.accreditation,
            record.mode,
            u_labels is None,
            handle is None,
            contact_handle is None,
            record.reseller is None,
            tuple([one.field for one in consented]) if consented else (),
        )
        fill = self._sheets.get(shape)
        if fill is None:
            fill = self._make(shape, record, u_labels)
        return fill(
            (
                asked,
                _text(domain),
                "" if u_labels is None else _text(u_labels),
                "" if handle is None else _text(handle),
                "" if contact_handle is None else _text(contact_handle),
                "" if record.reseller is None else _text(record.reseller),
                _text(record.reference),
                _text(record.alias),
                *(_consented_values(record) if consented else _NOTHING),
                _status_list(record.statuses),
                _event_list(record, as_of),
                _nameserver_list(record.nameservers),
                _secure_dns(record.dnssec),
            )
        ).encode("ascii")

    def _make(
        self, shape: object, record: PublicRecord, u_labels: str | None
    ) -> Callable[[tuple[str, ...]], str]:
        """The template for records shaped like `record`."""
        if len(self._sheets) >= MAX_SHEETS:
            self._sheets.clear()
        sheet = _cut(dump(_probe(record, self.profile, u_labels)))
        self._sheets[shape] = sheet
        return sheet


def _probe(record: PublicRecord, profile: Profile, u_labels: str | None) -> rdap_objects.Tree:
    """The answer about a record like `record` with marks for its values and lists."""
    top = record.domain.rpartition(".")[2]
    marked = msgspec.structs.replace(
        record,
        # The last label stays: it decides the layout.
        domain=DomainName(f"{_mark(_DOMAIN)}.{top}"),
        registry_domain_id=None if record.registry_domain_id is None else _mark(_HANDLE),
        registrant_registry_id=(
            None if record.registrant_registry_id is None else _mark(_CONTACT_HANDLE)
        ),
        reseller=None if record.reseller is None else _mark(_RESELLER),
        reference=_mark(_REFERENCE),
        alias=_mark(_ALIAS),
        consented=tuple(
            ConsentedField(field=one.field, value=_mark(_CONSENTED[one.field]), ground=one.ground)
            for one in record.consented
        ),
    )
    tree = rdap_objects.domain(
        marked,
        profile,
        asked=_mark(_URL),
        as_of=record.created_at,  # stands in a list that is cut out
        unicode_name=None if u_labels is None else _mark(_UNICODE),
    )
    return tree | {name: _mark(place) for name, place in _LISTS.items()}


def _cut(text: str) -> Callable[[tuple[str, ...]], str]:
    """A function that puts values into the marked places of `text`.

    A mark of the last label's kind (`MARK.example`) takes the whole name, so the label goes.
    """
    text = re.sub(rf"(\\ue000{_DOMAIN}\\ue001)\.[a-z0-9-]+", r"\1", text)
    lists = "|".join(str(place) for place in _LISTS.values())
    text = re.sub(rf'"(\\ue000(?:{lists})\\ue001)"', r"\1", text)
    places = [int(place) for place in _MARK.findall(text)]
    template = _MARK.sub("%s", text.replace("%", "%%"))
    pick = itemgetter(*places)
    return lambda values: template % pick(values)


def _mark(place: int) -> str:
    return f"\ue000{place}\ue001"


def _text(value: str) -> str:
    """`value` as it stands between the quotes of a JSON string."""
    return encode_basestring_ascii(value)[1:-1].replace("<", "\\u003c")


def _consented_values(record: PublicRecord) -> tuple[str, str, str]:
    found = {one.field: _text(one.value) for one in record.consented}
    return (
        found.get(ConsentedName.NAME, ""),
        found.get(ConsentedName.STATE, ""),
        found.get(ConsentedName.COUNTRY, ""),
    )


@functools.lru_cache(maxsize=4096)
def _status_list(codes: tuple[str, ...]) -> str:
    return dump(rdap_objects.statuses(codes))


@functools.lru_cache(maxsize=8192)
def _nameserver_list(hosts: tuple[Nameserver, ...]) -> str:
    return dump([rdap_objects.nameserver_object(host) for host in hosts])


def _secure_dns(dnssec: Dnssec) -> str:
    if dnssec.ds or dnssec.keys:
        return dump(rdap_objects.secure_dns(dnssec))
    return _UNSIGNED


def _event_list(record: PublicRecord, as_of: str) -> str:
    """What rdap_objects.events says; msgspec writes five dates as fast as isoformat does one."""
    found = [_Event("registration", record.created_at)]
    expires = record.registry_expires_at
    registrar_expires = record.registrar_expires_at or expires
    if expires is not None:
        found.append(_Event("expiration", expires))
    if registrar_expires is not None:
        found.append(_Event("registrar expiration", registrar_expires))
    if record.updated_at is not None:
        found.append(_Event("last changed", record.updated_at))
    if record.transferred_at is not None:
        found.append(_Event("transfer", record.transferred_at))
    found.append(_Event("last update of RDAP database", as_of))
    return _events.encode(found).decode("ascii")


class _Event(msgspec.Struct, frozen=True, rename="camel", gc=False):
    event_action: str
    event_date: datetime | str


_events: Final = msgspec.json.Encoder()
