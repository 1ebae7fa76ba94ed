"""Mail addresses as SMTP takes them: a local part and a domain, nothing around. Pure.

Local parts are dot-atoms (RFC 5321 s4.1.2), with the letters of RFC 6531 beside. Quoted local
parts and address literals are refused: nobody's, in practice, and what could carry a command.
"""

from __future__ import annotations

import re

from proxy.errors import InvalidInput
from proxy.model import names
from proxy.model.notice import MailAddress

LOCAL_OCTETS = 64  # RFC 5321 s4.5.3.1.1
ADDRESS_OCTETS = 254  # RFC 5321 s4.5.3.1.3, without the angle brackets
_ATEXT = (
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u00a1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef\U00010000-\U000effff]"
)
_LOCAL = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")


def parse(text: str) -> MailAddress:
    """The address; InvalidInput `mail_address`."""
    local, at, domain = text.strip().rpartition("@")
    try:
        found = names.parse_domain_name(domain)
    except InvalidInput:
        raise _refused() from None
    is_long = len(local.encode("utf-8", "replace")) > LOCAL_OCTETS
    if not at or is_long or _LOCAL.fullmatch(local) is None or not local.isprintable():
        raise _refused()
    address = MailAddress(local=local, domain=str(found))
    if len(address.text.encode()) > ADDRESS_OCTETS:
        raise _refused()
    return address


def _refused() -> InvalidInput:
    return InvalidInput("mail_address", "Mail can not be sent to an address of this form.")
