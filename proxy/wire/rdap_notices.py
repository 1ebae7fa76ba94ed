"""RDAP answers that describe no object: errors and help. Pure.

Source: RFC 9083 s6 (errors), s7 (help), s4.1 (every answer tells its conformance).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.wire import rdap_objects, rdap_sheets

if TYPE_CHECKING:
    from proxy.model.public_record import Profile


def error(status: int, title: str, description: str, *, is_gtld: bool) -> bytes:
    """The body of an error; its sentences are ours, nothing of the request is repeated."""
    return rdap_sheets.dump(
        {
            "rdapConformance": rdap_objects.conformance(is_gtld=is_gtld, is_redacted=False),
            "lang": "en",
            "errorCode": status,
            "title": title,
            "description": [description],
        }
    ).encode("ascii")


def help_answer(profile: Profile | None, asked: str, limit: str | None, *, is_gtld: bool) -> bytes:
    """The answer to `help`: what can be asked, how often, and every extension in use."""
    offered = profile.rdap_objects if profile is not None else frozenset()
    lines = [
        "Look-ups: domain/NAME (LDH or percent-encoded UTF-8) and help."
        + (" Also entity/IANA-ID of a registrar." if "entity" in offered else "")
        + (" Also nameserver/NAME inside our names." if "nameserver" in offered else ""),
        "No record at this server does not mean that a name is unregistered.",
        "There are no searches.",
    ]
    if limit is not None:
        lines.append(f"Requests are limited per client: {limit}. See Retry-After with status 429.")
    terms = profile.rdap_terms_url if profile is not None else None
    return rdap_sheets.dump(
        {
            "rdapConformance": rdap_objects.conformance(is_gtld=is_gtld, is_redacted=True),
            "lang": "en",
            "notices": [
                {"title": "Help", "description": lines},
                *rdap_objects.notices(terms, asked, is_gtld=is_gtld),
            ],
        }
    ).encode("ascii")
