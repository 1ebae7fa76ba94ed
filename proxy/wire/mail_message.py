"""A notice as a mail message: headers, text, octets. Pure; nothing in it but what it is told.

One recipient, plain text in UTF-8, no picture, no link but those of the text, no name of a person.
Source: RFC 5322, RFC 2045 to 2047, RFC 3834 s5 (Auto-Submitted), RFC 6532.
"""

from __future__ import annotations

import re
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from typing import TYPE_CHECKING

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from proxy.model.notice import MailAddress, Outgoing

BODY_OCTETS = 262_144  # no notice is a tenth of it; what bounces comes back whole
SUBJECT_CHARACTERS = 200
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9.-]{1,64}@[A-Za-z0-9.-]{1,253}")
_BASE = policy.EmailPolicy(raise_on_defect=True)
# Seven bits everywhere, so that every exchanger can take it without 8BITMIME.
_ASCII = _BASE.clone(linesep="\r\n", cte_type="7bit")
_UTF8 = _BASE.clone(linesep="\r\n", cte_type="7bit", utf8=True)


def render(
    outgoing: Outgoing, to: MailAddress, *, sender: MailAddress, sender_name: str, now: datetime
) -> bytes:
    """The octets of a message; InvalidInput `mail_message` where a part can not stand in one.

    Headers have bytes above ASCII only where the address needs SMTPUTF8.
    """
    _check(outgoing)
    message = EmailMessage(policy=_UTF8 if to.needs_utf8 else _ASCII)
    try:
        # Values are set through types of the library, which refuse line breaks and fold.
        message["From"] = Address(sender_name, sender.local, sender.domain)
        message["To"] = Address("", to.local, to.domain)
        message["Subject"] = outgoing.subject
        message["Date"] = now
        message["Message-ID"] = f"<{outgoing.message_id}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(outgoing.body, charset="utf-8", cte=_encoding(outgoing.body))
        message["Content-Language"] = outgoing.language  # content set later would drop it
        return message.as_bytes()
    except (ValueError, LookupError, TypeError):
        raise _refused() from None


def _check(outgoing: Outgoing) -> None:
    subject, body = outgoing.subject, outgoing.body
    if (
        not subject.isprintable()
        or not 0 < len(subject) <= SUBJECT_CHARACTERS
        or "\0" in body
        or len(body.encode("utf-8", "replace")) > BODY_OCTETS
        or _LANGUAGE.fullmatch(outgoing.language) is None
        or _MESSAGE_ID.fullmatch(outgoing.message_id) is None
    ):
        raise _refused()


def _encoding(body: str) -> str:
    """Readable without decoding where nearly all of it is ASCII, else the shorter form."""
    return "quoted-printable" if sum(not c.isascii() for c in body) * 6 < len(body) else "base64"


def _refused() -> InvalidInput:
    return InvalidInput("mail_message", "The notice can not be made into a message.")
