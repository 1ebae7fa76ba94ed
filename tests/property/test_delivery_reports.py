"""Delivery status reports: whatever the bytes, a report or one refusal."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model.notice import Report, ReportedAction
from proxy.wire import dsn

# Pieces that a parser of mail looks at, so that random messages get far into it.
PIECES = (
    b"Content-Type: multipart/report; boundary=b", b"Content-Type: message/delivery-status",
    b"Content-Type: message/rfc822", b"Content-Type: text/plain; charset=", b"--b", b"--b--",
    b"Action: failed", b"Action: delivered", b"Action:", b"Status: 5.1.1", b"Status: 2", b"\n",
    b"\r\n", b"\n\n", b"From: mailer-daemon", b"Auto-Submitted: auto-replied", b"5.1.1", b";", b"=",
    b"*0*=", b"Content-Transfer-Encoding: base64", b"Content-Transfer-Encoding: x-uuencode",
    b"begin 644 a", b"\xff", b"\0", b"=?utf-8?q?", b"(", b'"',
)  # fmt: skip


def outcome(content: bytes) -> Report | None:
    """The report; None where it was refused as it should be."""
    try:
        return dsn.parse(content)
    except InvalidInput:
        return None


@given(st.binary(max_size=2_000))
def test_any_bytes_are_a_report_or_refused(content: bytes) -> None:
    """Nothing else comes out of random bytes."""
    outcome(content)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=6)), max_size=60))
def test_any_pieces_are_a_report_or_refused(pieces: list[bytes]) -> None:
    """Nor out of what looks like a report."""
    outcome(b"\n".join(pieces))
    outcome(b"".join(pieces))


@given(
    st.lists(
        st.sampled_from(["failed", "delivered", "delayed", "relayed", "expanded", "other"]),
        min_size=1,
        max_size=5,
    )
)
def test_delivered_needs_every_word(actions: list[str]) -> None:
    """A report counts as delivered only where each of its groups says so."""
    groups = "\n\n".join(f"Action: {one}" for one in actions)
    content = (
        "Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status"
        f"\n\nReporting-MTA: dns; x\n\n{groups}\n\n--b--\n"
    ).encode()
    found = outcome(content)
    assert found is not None
    assert (found.action is ReportedAction.DELIVERED) == (set(actions) == {"delivered"})
    assert (found.action is ReportedAction.FAILED) == ("failed" in actions)
