"""The operator's file of registries that may be asked who sponsors a name, as TOML. Pure.

Read whole: every fault is named at once. Beside it the bootstrap file that IANA publishes (RFC
9224, `dns.json`) may be kept; what the TOML says of a top-level domain goes before it. A server is
asked over HTTPS; plain HTTP is for addresses in `networks`, which are ours.
"""

from __future__ import annotations

import ipaddress
import re
import tomllib
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import msgspec

from proxy.errors import Fault, InvalidInput
from proxy.model.sponsor import Registries, Registry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from ipaddress import IPv4Network, IPv6Network

OCTETS: Final = 4 << 20
"""Of either file, at most: IANA's has some 60 kB."""

_TLD: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_HOST: Final = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_WHOIS_PORT: Final = 43
_DNS_PORT: Final = 53
_PER_MINUTE: Final = 20
_Rate = Annotated[int, msgspec.Meta(ge=1, le=6_000)]


class _Entry(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    rdap: str | None = None
    whois: str | None = None
    looks_per_minute: _Rate | None = None


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    bootstrap: str | None = None
    looks_per_minute: _Rate = _PER_MINUTE
    networks: tuple[str, ...] = ()
    nameservers: tuple[str, ...] = ()
    registries: dict[str, _Entry] = {}


class _Bootstrap(msgspec.Struct, frozen=True):
    services: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]


def bootstrap_of(text: str) -> str | None:
    """The path of the bootstrap file that `text` names; InvalidInput `registries_malformed`."""
    return _read(text).bootstrap


def parse(text: str, bootstrap: bytes | None) -> Registries:
    """The registries; InvalidInput `registries_malformed` with every fault."""
    given = _read(text)
    faults: list[Fault] = []
    networks = _networks(given.networks, faults)
    known = {} if bootstrap is None else _bootstrapped(bootstrap, given, faults)
    for tld, entry in given.registries.items():
        if not _TLD.fullmatch(tld):
            faults.append(_fault(f"registries/{tld}", "a top-level domain in A-label form"))
            continue
        known[tld] = _registry(tld, entry, known.get(tld), given, faults)
    for tld, one in known.items():
        if one.rdap_base is not None and not _is_fit(one.rdap_base, networks):
            faults.append(_fault(f"registries/{tld}/rdap", "an https:// address ending in /"))
    nameservers = tuple(_nameserver(one, faults) for one in given.nameservers)
    if faults:
        raise _malformed(tuple(faults))
    return Registries(by_tld=known, networks=networks, nameservers=nameservers)


def _read(text: str) -> _File:
    try:
        return msgspec.convert(tomllib.loads(text), _File)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError, RecursionError) as error:
        raise _malformed((_fault("", str(error)),)) from None


def _registry(
    tld: str, entry: _Entry, known: Registry | None, given: _File, faults: list[Fault]
) -> Registry:
    host, port = (None, _WHOIS_PORT)
    if entry.whois is not None:
        host, port = _host_port(entry.whois, _WHOIS_PORT)
        if not _HOST.fullmatch(host) or not 0 < port <= 65_535:  # noqa: PLR2004 - the highest port
            faults.append(_fault(f"registries/{tld}/whois", "host or host:port"))
    return Registry(
        tld=tld,
        rdap_base=entry.rdap or (None if known is None else known.rdap_base),
        whois_host=host,
        whois_port=port,
        looks_per_minute=entry.looks_per_minute or given.looks_per_minute,
    )


def _bootstrapped(bootstrap: bytes, given: _File, faults: list[Fault]) -> dict[str, Registry]:
    try:
        services = msgspec.json.decode(bootstrap, type=_Bootstrap).services
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        faults.append(_fault("bootstrap", "the file dns.json of IANA's RDAP bootstrap registry"))
        return {}
    found = {}
    for tlds, urls in services:
        base = next((one for one in urls if one.startswith("https://")), None)
        for tld in tlds if base is not None else ():
            if _TLD.fullmatch(tld):
                found[tld] = Registry(
                    tld=tld,
                    rdap_base=base if base is None or base.endswith("/") else f"{base}/",
                    whois_host=None,
                    whois_port=_WHOIS_PORT,
                    looks_per_minute=given.looks_per_minute,
                )
    return found


def _is_fit(url: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port  # raises where it is no number
    except ValueError:
        return False
    if not url.endswith("/") or not host or parts.username or parts.query or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and _is_in(host, networks))


def _is_in(host: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in one for one in networks)


def _networks(given: tuple[str, ...], faults: list[Fault]) -> tuple[IPv4Network | IPv6Network, ...]:
    found = []
    for one in given:
        try:
            found.append(ipaddress.ip_network(one))
        except ValueError:
            faults.append(_fault("networks", "networks, such as 10.1.2.0/24"))
    return tuple(found)


def _nameserver(given: str, faults: list[Fault]) -> tuple[str, int]:
    host, port = _host_port(given, _DNS_PORT)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        faults.append(_fault("nameservers", "addresses, or address:port"))
    return host, port


def _host_port(given: str, default: int) -> tuple[str, int]:
    """Host and port; without a port the default. An IPv6 address with one stands in brackets."""
    host, colon, port = given.rpartition(":")
    if not colon or (":" in host and not host.endswith("]")):
        return given.strip("[]"), default
    return host.strip("[]"), int(port) if port.isdecimal() else 0


def _fault(place: str, expected: str) -> Fault:
    return Fault(pointer=f"/{place}" if place else "", code="registries", detail=expected)


def _malformed(faults: tuple[Fault, ...]) -> InvalidInput:
    told = "; ".join(f"{one.pointer.lstrip('/') or 'file'}: {one.detail}" for one in faults)
    return InvalidInput("registries_malformed", told, faults)


def budgets(registries: Registries) -> Mapping[str, int]:
    """Looks a minute by registry."""
    return {tld: one.looks_per_minute for tld, one in registries.by_tld.items()}
