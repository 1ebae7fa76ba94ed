"""Delivery status reports of many hosts, and what pretends to be one."""

from __future__ import annotations

import contextlib

import pytest

from proxy.errors import InvalidInput
from proxy.model.notice import Report, ReportedAction
from proxy.wire import dsn


def report(
    *groups: str, kind: str = "message/delivery-status", head: str = "", extra: str = ""
) -> bytes:
    """A multipart/report with these groups of fields about recipients."""
    fields = "\n\n".join(("Reporting-MTA: dns; mx.example", *groups))
    return (
        f"From: MAILER-DAEMON@mx.example\n{head}MIME-Version: 1.0\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        f"--b\nContent-Type: text/plain\n\nI am sorry.\n--b\nContent-Type: {kind}\n\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\nSubject: x\n\n{extra}\n--b--\n"
    ).encode()


def plain(text: str, sender: str = "MAILER-DAEMON@mx.example", head: str = "") -> bytes:
    """A message of words."""
    return f"From: {sender}\n{head}Subject: failure notice\n\n{text}\n".encode()


FAILED = "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1"
DELIVERED = "Final-Recipient: rfc822; a@b.example\nAction: delivered\nStatus: 2.1.5"
RELAYED = "Final-Recipient: rfc822; a@b.example\nAction: relayed\nStatus: 2.0.0"
DELAYED = "Final-Recipient: rfc822; a@b.example\nAction: delayed\nStatus: 4.4.1"
NONE = Report(action=ReportedAction.NONE)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (report(FAILED), Report(action=ReportedAction.FAILED, status="5.1.1")),
        (report(DELIVERED), Report(action=ReportedAction.DELIVERED, status="2.1.5")),
        (report(RELAYED), Report(action=ReportedAction.RELAYED, status="2.0.0")),
        (report(DELAYED), Report(action=ReportedAction.DELAYED, status="4.4.1")),
        (
            report(FAILED, kind="message/global-delivery-status"),
            Report(action=ReportedAction.FAILED, status="5.1.1"),
        ),
        (
            report("ACTION: FAILED (bad destination)\nSTATUS: 5.1.1 (unknown)"),
            Report(action=ReportedAction.FAILED, status="5.1.1"),
        ),
        (report("Action: failed"), Report(action=ReportedAction.FAILED)),
        (report(DELIVERED, FAILED), Report(action=ReportedAction.FAILED, status="5.1.1")),
        (
            report(FAILED).replace(b"\n", b"\r\n"),
            Report(action=ReportedAction.FAILED, status="5.1.1"),
        ),
    ],
)
def test_a_proper_report_is_understood(content: bytes, expected: Report) -> None:
    """Whatever the case, order and line ends of its fields."""
    assert dsn.parse(content) == expected


@pytest.mark.parametrize(
    "content",
    [
        report(DELIVERED, DELAYED),  # two words on one message
        report(DELIVERED.replace("2.1.5", "5.1.1")),  # contradicts itself
        report("Action: delivered-maybe"),
        report("Action:"),
        report("Final-Recipient: rfc822; a@b.example"),
        report(kind="text/plain", extra=DELIVERED),
    ],
)
def test_what_is_not_plainly_said_proves_nothing(content: bytes) -> None:
    """A report that is unclear is no report."""
    assert dsn.parse(content) == NONE


def test_what_a_returned_message_holds_is_not_believed() -> None:
    """A report inside the message that came back is its sender's to write, not the host's."""
    inner = report(DELIVERED).decode()
    assert dsn.parse(report(FAILED, extra=inner)).action is ReportedAction.FAILED
    wrapped = (
        "From: MAILER-DAEMON@mx.example\nMIME-Version: 1.0\n"
        f"Content-Type: message/rfc822\n\n{inner}"
    ).encode()
    assert dsn.parse(wrapped) == NONE


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (plain("<a@b.example>: 550 5.1.1 User unknown"), "5.1.1"),
        (plain("Host said: 5.7.1 refused", sender='"Postmaster" <x@mx.example>'), "5.7.1"),
    ],
)
def test_a_failure_told_in_words_is_understood(content: bytes, expected: str) -> None:
    """A machine's message with a code of permanent failure is a bounce."""
    assert dsn.parse(content) == Report(action=ReportedAction.FAILED, status=expected)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0" * 100,
        plain("I am away until 5.1.1", sender="meera@b.example"),
        plain("Away: 550 5.1.1", head="Auto-Submitted: auto-replied (vacation)\n"),
        plain("The release 15.1.1 of 5.1.1.1 is out"),
        plain("Delayed: 4.4.1"),
        plain("Your message was delivered: 2.1.5"),
    ],
)
def test_an_answer_of_a_person_or_a_machine_is_no_bounce(content: bytes) -> None:
    """Nothing is concluded from a vacation notice, or from a version number."""
    assert dsn.parse(content) == NONE


def nested(depth: int) -> bytes:
    """A message of parts in parts."""
    head = "".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth)
    )
    return head.encode() + report(FAILED)


@pytest.mark.parametrize(
    "content",
    [
        nested(30),
        nested(3_000),
        b"Content-Type: multipart/report; boundary=b\n\n" + b"--b\n" * 50_000,
        b"Content-Type: multipart/report; boundary=\n\n--\n",
        b"Content-Type: multipart/report; boundary*0=" + b"b" * 70_000 + b"\n\n",
        b"Content-Type: message/delivery-status\n\n" + b"a: b\n\n" * 20_000,
        (
            b"Content-Type: message/delivery-status; charset=no-such\n"
            b"Content-Transfer-Encoding: base64\n\n!!!!"
        ),
        b"From: =?utf-8?b?!!!?=\nContent-Type: text/plain; charset=\xff\n\n\xff\xfe 5.1.1",
        b"Content-Type: multipart/report; boundary*=utf-8'en\n\n",
    ],
)
def test_a_hostile_message_is_no_report(content: bytes) -> None:
    """Depth, number and damage of parts end in no report or a refusal, soon."""
    with contextlib.suppress(InvalidInput):
        assert dsn.parse(content).action in {ReportedAction.NONE, ReportedAction.FAILED}


def test_a_message_too_long_is_refused() -> None:
    """Nothing above the limit is looked at."""
    with pytest.raises(InvalidInput):
        dsn.parse(b"x" * (dsn.REPORT_OCTETS + 1))
