"""Delivery status reports: what a mail host says became of a message of ours. Pure.

Believes nothing: whose message it is, the token in the envelope tells (vault.return_path), never
the report. Fields are read whatever their order and case; a host that sends no proper report is
understood only where it plainly names a permanent failure. What is no report changes nothing.
Source: RFC 3464, RFC 3463 (status codes), RFC 6522, RFC 6533, RFC 3834 s2 (answers of machines).
"""

from __future__ import annotations

import email
import re
from email import policy
from typing import TYPE_CHECKING, Final

from proxy.errors import InvalidInput
from proxy.model.notice import Report, ReportedAction

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

REPORT_OCTETS: Final = 262_144  # our message comes back in it; what is longer is no report
MOST_PARTS: Final = 40  # of a message; a report has three
_TEXT_CHARACTERS: Final = 8_192  # looked at where there is no proper report
_FIELDS: Final = 64  # of one group
_STATUS: Final = re.compile(r"([245]\.\d{1,3}\.\d{1,3})")
_BARE_STATUS: Final = re.compile(r"(?<![\d.])(5\.[1-7]\.\d{1,2})(?![\d.])")
_BLANK_LINE: Final = re.compile(r"\r?\n[ \t]*\r?\n")
_MACHINES: Final = re.compile(r"\b(mailer-daemon|postmaster)\b", re.IGNORECASE)
_STATUS_TYPES: Final = frozenset({"message/delivery-status", "message/global-delivery-status"})
_ACTIONS: Final = {one.value: one for one in ReportedAction if one is not ReportedAction.NONE}


def parse(content: bytes) -> Report:
    """What a message says; InvalidInput `report` for what is no message or too long.

    Every group has to say delivered before anything counts as delivered; one failed is failed.
    """
    if len(content) > REPORT_OCTETS:
        raise _refused()
    try:
        message = email.message_from_bytes(content, policy=policy.compat32)
        parts = list(_parts(message))
        groups = [group for part in parts if _is_status(part) for group in _groups(part)]
        found = [_report(group) for group in groups if "action" in group]
        return _together(found) if found else _plain(message, parts)
    # The library's parser is known to raise more than it says on what hosts send.
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, AssertionError):
        raise _refused() from None


def _parts(message: Message) -> Iterator[Message]:
    """The message and its parts in order, by a list rather than by recursion."""
    waiting = [message]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        part = waiting.pop(0)
        yield part
        # What is inside a returned message is ours, or the sender's to choose: not looked into.
        if part.get_content_maintype() == "multipart" and part.is_multipart():
            waiting += part.get_payload()  # type: ignore[arg-type] # messages, by is_multipart


def _is_status(part: Message) -> bool:
    return part.get_content_type() in _STATUS_TYPES


def _groups(part: Message) -> Iterator[dict[str, str]]:
    """The groups of fields of a status part: the message's first, then one a recipient.

    The library takes only the older of the two types apart at blank lines; the rest stands behind.
    """
    payload = part.get_payload()
    blocks = payload[:MOST_PARTS] if isinstance(payload, list) else [str(payload)]
    for block in blocks:
        if isinstance(block, str):
            text = block
        else:
            yield _fields(block)
            text = str(block.get_payload())
        for group in _BLANK_LINE.split(text)[:MOST_PARTS]:
            yield _fields(email.message_from_string(group.lstrip()))


def _fields(group: Message) -> dict[str, str]:
    return {name.lower(): str(value) for name, value in reversed(group.items()[:_FIELDS])}


def _report(group: dict[str, str]) -> Report:
    words = group["action"].split()
    action = _ACTIONS.get(words[0].lower() if words else "", ReportedAction.NONE)
    status = _STATUS.search(group.get("status", ""))
    return Report(action=action, status="" if status is None else status[1])


def _together(found: list[Report]) -> Report:
    """One of our messages has one recipient; a host that speaks of several says one thing."""
    for one in found:
        if one.action is ReportedAction.FAILED:
            return one
    kinds = {one.action for one in found}
    if len(kinds) > 1:
        return Report(action=ReportedAction.NONE)
    first = found[0]
    if first.action is ReportedAction.DELIVERED and first.status[:1] not in {"", "2"}:
        return Report(action=ReportedAction.NONE)  # it contradicts itself
    return first


def _plain(message: Message, parts: list[Message]) -> Report:
    """A failure that a host tells in words alone; a person's or a machine's answer is none."""
    automatic = str(message.get("Auto-Submitted", "")).lower().lstrip()
    is_machine = _MACHINES.search(str(message.get("From", "")))
    if is_machine is None or automatic.startswith("auto-replied"):
        return Report(action=ReportedAction.NONE)
    text = next((one for one in parts if one.get_content_type() == "text/plain"), None)
    payload = b"" if text is None else text.get_payload(decode=True)
    words = (
        payload[:_TEXT_CHARACTERS].decode("utf-8", "replace") if isinstance(payload, bytes) else ""
    )
    status = _BARE_STATUS.search(words)
    if status is None:
        return Report(action=ReportedAction.NONE)
    return Report(action=ReportedAction.FAILED, status=status[1])


def _refused() -> InvalidInput:
    return InvalidInput("report", "This is no delivery status report.")
