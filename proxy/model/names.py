"""Domain names: from text as people and registries write it to the one form we store.

Pure. Raises InvalidInput and nothing else, whatever it is given. Sources: RFC 1035 s2.3.4 (octet
limits), RFC 5891 (IDNA2008), UTS 46 non-transitional (case folding and width of what people type).
"""

from __future__ import annotations

import re
from typing import Final

import idna

from proxy.errors import InvalidInput
from proxy.model.identifiers import DomainName

MAX_OCTETS: Final = 253
"""Text octets of a name without its final dot (RFC 1035 s2.3.4: 255 on the wire)."""

_MAX_CHARACTERS: Final = 1024
"""Characters looked at: no longer text can be a name, and IDNA work grows faster than its input."""

_LABEL: Final = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LDH_LABEL: Final = re.compile(_LABEL, re.ASCII)
_LDH_NAME: Final = re.compile(rf"(?:{_LABEL}\.)+(?![0-9]+$){_LABEL}", re.ASCII)


def parse_domain_name(text: str) -> DomainName:
    """The lower-case A-label form of `text`; one final dot is taken off.

    ASCII labels are taken as they are when they are LDH labels, also `xn--` ones that IDNA2008
    would not make today: a registry holds them. Labels with other characters are IDNA2008 U-labels,
    case folded by UTS 46, non-transitional. Raises InvalidInput("domain_name").
    """
    if not text or len(text) > _MAX_CHARACTERS:
        raise InvalidInput("domain_name")
    if len(text) <= MAX_OCTETS and _LDH_NAME.fullmatch(text) is not None:
        return DomainName(text)  # the common case: it is in the form we store already
    folded = text.lower() if text.isascii() else _fold(text)
    labels = folded.removesuffix(".").split(".")
    name = ".".join(_parse_label(label) for label in labels)
    # A last label of digits alone is an address, not a name (RFC 3696 s2).
    if len(labels) < 2 or len(name) > MAX_OCTETS or labels[-1].isdecimal():  # noqa: PLR2004 - a name under a TLD has two labels
        raise InvalidInput("domain_name")
    return DomainName(name)


def unicode_name(name: DomainName) -> str | None:
    """The name with U-labels, or None: no label is an A-label, or it does not come back the same.

    RFC 9083 s3 unicodeName: a reader that converts it must arrive at the registered name.
    """
    if "xn--" not in name:
        return None
    try:
        text = ".".join(
            idna.ulabel(label) if label.startswith("xn--") else label for label in name.split(".")
        )
        returned = parse_domain_name(text)
    except (InvalidInput, UnicodeError, ValueError, IndexError):
        return None
    return text if returned == name and not text.isascii() else None


def _fold(text: str) -> str:
    try:
        return idna.uts46_remap(text, std3_rules=True, transitional=False)
    except (UnicodeError, ValueError, IndexError):
        raise InvalidInput("domain_name") from None


def _parse_label(label: str) -> str:
    if label.isascii():
        encoded = label
    else:
        try:
            encoded = idna.alabel(label).decode("ascii")
        except (UnicodeError, ValueError, IndexError):
            raise InvalidInput("domain_name") from None
    if _LDH_LABEL.fullmatch(encoded) is None:
        raise InvalidInput("domain_name")
    return encoded
