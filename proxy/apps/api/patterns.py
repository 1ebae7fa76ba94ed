"""What the OpenAPI document says of texts. The checks are elsewhere, and take little more.

ECMA-262 without lookahead, so that generators can use them. Where no pattern can say all (IDNA2008)
a format of our own names the rule. Taken and not told: a name's final dot, and more characters than
its A-label form has.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

SIGNATURE: Final = msgspec.Meta(pattern=r"^[A-Za-z0-9+/]{86}==$", max_length=88)
"""64 octets in base64. The length is what forbids a line's end, which `$` would let pass; `\\Z` is
no regular expression to readers of the OpenAPI document."""

_SPACE: Final = r"[\x09-\x0d\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*"
"""What is dropped around every text of a body (Unicode White_Space)."""

_DOTS: Final = r"\u3002\uff0e\uff61"  # UTS 46 reads these as dots
_EDGE: Final = rf"[^\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\x7f{_DOTS}]"  # a letter, a digit, not ASCII
_INNER: Final = rf"[^\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x60\x7b-\x7f{_DOTS}]"  # or a hyphen
_LETTER: Final = rf"[^\x00-\x40\x5b-\x60\x7b-\x7f{_DOTS}]"
_REST: Final = rf"(?:{_INNER}{{0,61}}{_EDGE})?"
_LABEL: Final = f"{_EDGE}{_REST}"
_AFTER_DIGITS: Final = rf"(?:{_LETTER}(?:{_INNER}{{0,30}}{_EDGE})?|-{_INNER}{{0,30}}{_EDGE})"
_LAST: Final = rf"(?:{_LETTER}{_REST}|[0-9]{{1,31}}{_AFTER_DIGITS})"  # never digits alone
_TLD: Final = rf"(?:{_LETTER}{_INNER}{{0,61}}{_EDGE}|[0-9]{{1,31}}{_AFTER_DIGITS})"  # of mail
_DOT: Final = rf"[.{_DOTS}]"
_NAME: Final = rf"(?:{_LABEL}{_DOT})+{_LAST}"
_LOCAL: Final = (
    r"[^\s@\"(),:;<>\[\]\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]{1,64}"
)

DOMAIN_NAME: Final[dict[str, Any]] = {
    "format": "domain-name",
    "minLength": 3,
    "maxLength": 253,
    "pattern": f"^{_NAME}$",
    "description": "A-labels, or U-labels by IDNA2008; at most 63 octets a label and 253 a name "
    "as A-labels.",
}
EMAIL: Final[dict[str, Any]] = {
    "format": "mailbox",
    "pattern": rf"^{_LOCAL}@(?:{_LABEL}\.)+{_TLD}$",
    "description": "Its domain is a domain-name.",
}
IP_ADDRESS: Final[dict[str, Any]] = {
    "anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}],
    "description": "Not multicast, loopback, link-local or unspecified.",
}
BASE64: Final[dict[str, Any]] = {
    "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)$",
}
DATE_TIME: Final[dict[str, Any]] = {
    "format": "date-time",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?"
    r"(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$",
}
CURSOR: Final[dict[str, Any]] = {"type": "string", "pattern": "^[A-Za-z0-9_-]{21}[AQgw]$"}
"""16 octets in base64url without padding; the last digit has four bits that are 0."""

FEED_CURSOR: Final[dict[str, Any]] = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]{21}([AQgw]|[A-Za-z0-9_-]{21}[AEIMQUYcgkosw048])$",
}
"""The same, or 32 octets, of which the last digit has two bits that are 0."""

IDEMPOTENCY_KEY: Final[dict[str, Any]] = {
    "type": "string",
    "minLength": 1,
    "maxLength": 257,
    "pattern": r'^(?:[\x21\x23-\x7e]{1,255}|"[\x21\x23-\x7e]{1,255}")$',
}
_TAG: Final = r'(?:W/)?"[\x21\x23-\x7e]*"'
ENTITY_TAGS: Final[dict[str, Any]] = {
    "anyOf": [
        {"type": "string", "enum": ["*"]},
        {"type": "string", "pattern": rf"^{_TAG}(?:[ \t]*,[ \t]*{_TAG})*[ \t]*,?$"},
    ]
}

DIGEST_DIGITS: Final = {1: 40, 2: 64, 3: 64, 4: 96}
"""Hex digits by DS digest type (IANA registry of DS digest algorithms)."""

DIGESTS: Final[dict[str, Any]] = {
    "anyOf": [
        *(
            {
                "properties": {
                    "digest_type": {"enum": [kind]},
                    "digest": {"pattern": f"^[0-9A-Fa-f]{{{digits}}}$"},
                }
            }
            for kind, digits in DIGEST_DIGITS.items()
        ),
        {
            "properties": {
                "digest_type": {"not": {"enum": [*DIGEST_DIGITS]}},
                "digest": {"pattern": "^(?:[0-9A-Fa-f]{2}){1,128}$"},
            }
        },
    ]
}
"""The same as a rule over a whole DS record."""


def trimmed(schema: Any) -> Any:
    """A body's schema whose patterns allow outer white space, dropped before they hold."""
    if isinstance(schema, list):
        return [trimmed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: trimmed(value) for name, value in schema.items()}
    pattern = found.get("pattern")
    if isinstance(pattern, str):
        found["pattern"] = f"^{_SPACE}{pattern.removeprefix('^').removesuffix('$')}{_SPACE}$"
    return found
