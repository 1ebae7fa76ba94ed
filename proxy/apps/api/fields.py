"""Single values inside a body: text to checked text. Raises pydantic's error with a code alone."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from datetime import UTC, datetime
from typing import Final

from pydantic_core import PydanticCustomError, PydanticKnownError

from proxy.errors import InvalidInput
from proxy.model import names

STATUSES: Final = frozenset(
    {
        "ok",
        "inactive",
        "linked",
        *(
            f"{side}{act}Prohibited"
            for side in ("client", "server")
            for act in ("Delete", "Renew", "Transfer", "Update")
        ),
        "clientHold",
        "serverHold",
        *(f"pending{act}" for act in ("Create", "Delete", "Renew", "Transfer", "Update")),
        "pendingRestore",
        *(f"{act}Period" for act in ("add", "autoRenew", "renew", "transfer", "redemption")),
    }
) - {"linked"}
"""RFC 5731 s2.3 for domains, RFC 3915 s3.1 for grace periods."""

_RFC_3339: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def domain_name(text: str) -> str:
    """The name in A-label form."""
    try:
        return names.parse_domain_name(text)
    except InvalidInput:
        raise PydanticCustomError("domain_name", "not a domain name") from None


def email(text: str) -> str:
    """The address as given, once its domain is a possible name."""
    domain_name(text.rpartition("@")[2])
    return text


def moment(value: object) -> datetime:
    """The moment that an RFC 3339 text names; any other type is a fault of its type."""
    if not isinstance(value, str):
        raise PydanticKnownError("string_type")
    return parse_moment(value.strip())


def parse_moment(text: str) -> datetime:
    """The moment in UTC, whole seconds."""
    if _RFC_3339.fullmatch(text) is None:
        raise PydanticCustomError("timestamp", "not an RFC 3339 time")
    try:
        value = datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("timestamp", "not an RFC 3339 time") from None
    return value.replace(microsecond=0)


def whole(value: object) -> object:
    """A whole number that JSON writes with a point or an exponent, as an int; else the value."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def ip_address(text: str) -> str:
    """An address a name server can have, in RFC 5952 form."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise PydanticCustomError("ip_address", "not an IP address") from None
    impossible = (
        address.is_multicast or address.is_unspecified or address.is_loopback
        or address.is_link_local or getattr(address, "scope_id", None) is not None
    )  # fmt: skip
    if impossible:
        raise PydanticCustomError("ip_address", "not an address of a name server")
    return str(address)


def base64_text(text: str) -> str:
    """The base64 text as given."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("base64", "not base64") from None
    if not decoded:
        raise PydanticCustomError("base64", "not base64")
    return text


def status(text: str) -> str:
    """A status of the EPP list."""
    if text not in STATUSES:
        raise PydanticCustomError("status", "not an EPP status")
    return text


def ascii_text(text: str) -> str:
    """The text as given, when it is ASCII: what stands in URLs."""
    if not text.isascii():
        raise PydanticCustomError("url", "not ASCII")
    return text
