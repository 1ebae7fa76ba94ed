"""The WHOIS replies that are no domain record: one stable first line each. Pure.

A first line is never `Key: value`, so that no reader takes it for data, and never repeats any
part of a query. Source: facts of the trade, there is no standard (RFC 3912 names no errors);
docs/divergences.md lists them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from proxy.wire import whois_layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from proxy.model.public_record import Accreditation, Profile
    from proxy.model.registration import Nameserver

NOT_FOUND: Final = "No record at this server; this does not mean the name is unregistered."
RATE_LIMITED: Final = "Query rate limit exceeded; wait a minute before asking again."
BAD_QUERY: Final = "This query can not be understood; send one domain name, or help."
NOT_OFFERED: Final = "Queries of this kind are not offered by this server."
UNAVAILABLE: Final = "No answer can be given at the moment; try again later."
TOO_SLOW: Final = "No complete query arrived in time."
INTERNAL: Final = "An error of ours prevented the answer; it has been recorded."
HELP: Final = (
    "Send one line of at most 512 octets that ends in CR LF, in UTF-8.",
    "",
    "  NAME                a domain name with U-labels or A-labels, in any case",
    "  domain NAME, =NAME  the same",
    "  nameserver HOST     a name server by host name, where it is offered",
    "  registrar NAME      a registrar by name or IANA ID, where it is offered",
    "  help                this text",
    "",
    "Flags before a name are ignored. RDAP gives the same data in a form for programs.",
)

CODES: Final = {
    "whois_query": BAD_QUERY,
    "proxy_header": BAD_QUERY,
    "rate_limited": RATE_LIMITED,
    "too_many_connections": RATE_LIMITED,
    "read_timeout": TOO_SLOW,
    "not_found": NOT_FOUND,
    "not_offered": NOT_OFFERED,
    "snapshot": UNAVAILABLE,
    "internal": INTERNAL,
}
"""From the code of an expected error to its line (style rule 15); others are UNAVAILABLE."""


def help_lines(limit_text: str | None) -> tuple[str, ...]:
    """The help, with the published limit: `limit_text` in words, None where there is none."""
    limit = "Queries are not limited."
    if limit_text is not None:
        limit = f"Queries are limited per IPv4 address or IPv6 /64: {limit_text}."
    return (*HELP, limit)


def render(*lines: str, as_of: datetime | None) -> bytes:
    """The lines and the age of what we know, when known."""
    tail = () if as_of is None else ("", *whois_layout.footer(as_of)[:1])
    return whois_layout.encode((*lines, *tail))


def render_error(code: str, as_of: datetime | None) -> bytes:
    """The reply for an error code."""
    return render(CODES.get(code, UNAVAILABLE), as_of=as_of)


def render_registrar(profile: Profile, accreditation: Accreditation, as_of: datetime) -> bytes:
    """A registrar object: what a domain record says of its registrar."""

    def lines() -> Iterator[tuple[str, str]]:
        yield "Registrar", accreditation.registrar_name
        yield "Registrar IANA ID", str(accreditation.iana_id or "")
        yield "Registrar WHOIS Server", profile.whois_host
        yield "Registrar URL", profile.registrar_url
        yield "Registrar Abuse Contact Email", profile.abuse_email
        yield "Registrar Abuse Contact Phone", profile.abuse_phone

    return _object(lines(), profile, as_of)


def render_nameserver(
    profile: Profile, nameserver: Nameserver, registrar: str, as_of: datetime
) -> bytes:
    """A name server object, as a delegation below its own name lists it."""

    def lines() -> Iterator[tuple[str, str]]:
        yield "Server Name", nameserver.name
        for address in nameserver.addresses:
            yield "IP Address", address
        yield "Registrar", registrar
        yield "Registrar WHOIS Server", profile.whois_host
        yield "Registrar URL", profile.registrar_url

    return _object(lines(), profile, as_of)


def _object(fields: Iterator[tuple[str, str]], profile: Profile, as_of: datetime) -> bytes:
    cleaned = [(label, whois_layout.clean(value)) for label, value in fields]
    text = [f"{label}: {value}" for label, value in cleaned if value]
    return whois_layout.encode([*text, *whois_layout.footer(as_of), *whois_layout.notice(profile)])
