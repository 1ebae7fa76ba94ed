"""Notices as mail messages: what stands in them, and what can not get in."""

from __future__ import annotations

import email
from datetime import UTC, datetime
from email import policy

import pytest

from proxy.errors import InvalidInput
from proxy.model.notice import Outgoing
from proxy.wire import mail_address, mail_message

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
SENDER = mail_address.parse("notices@mail.registrar.example")
TO = mail_address.parse("meera@kaveri-silk.example")


def outgoing(**changes: str) -> Outgoing:
    """A notice, with changes."""
    given = {
        "message_id": "0190f5c2-0000-7000-8000-000000000001@mail.registrar.example",
        "to": TO.text,
        "subject": "A request about your domain",
        "body": "Somebody asked for your details.\n\nhttps://privacy.example/n/abc\n",
        "language": "en",
    }
    return Outgoing(**(given | changes))


def render(one: Outgoing, to: str = TO.text) -> bytes:
    """Its octets."""
    return mail_message.render(
        one,
        mail_address.parse(to),
        sender=SENDER,
        sender_name="Domain privacy service",
        now=NOW,
    )


def test_a_message_has_these_headers_and_no_others() -> None:
    """Eleven headers, each with what it was told; nothing says who runs us."""
    message = email.message_from_bytes(render(outgoing()), policy=policy.default)
    assert set(message.keys()) == {
        "From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
        "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert message["From"] == "Domain privacy service <notices@mail.registrar.example>"
    assert message["To"] == TO.text
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    assert message["Message-ID"] == "<0190f5c2-0000-7000-8000-000000000001@mail.registrar.example>"
    assert message.get_content_type() == "text/plain"


def test_the_same_notice_is_the_same_octets() -> None:
    """A second try sends the same message: nothing in it is drawn anew."""
    assert render(outgoing()) == render(outgoing())


@pytest.mark.parametrize(
    "body",
    [
        "Guten Tag, Frau Müller\n",
        "आपके डोमेन के बारे में एक अनुरोध\n",
        "x" * 5_000 + "\n",
        ".\n..\nFrom me\n",
    ],
)
def test_a_text_arrives_as_it_was_written(body: str) -> None:
    """Whatever the script or the length of lines, seven bits carry it and nothing is lost."""
    content = render(outgoing(body=body, subject="आपके डोमेन"))
    assert content.isascii()
    assert max(map(len, content.split(b"\r\n"))) <= 998
    assert b"\n" not in content.replace(b"\r\n", b"")
    message = email.message_from_bytes(content, policy=policy.default)
    assert message.get_content().replace("\r\n", "\n") == body
    assert message["Subject"] == "आपके डोमेन"


@pytest.mark.parametrize(
    "changes",
    [
        {"subject": "A\r\nBcc: somebody@elsewhere.example"},
        {"subject": "A\nB"},
        {"subject": "A\u2028B"},
        {"subject": ""},
        {"subject": "x" * 201},
        {"message_id": "a@b>\r\nBcc: <c@d.example"},
        {"message_id": "no-domain"},
        {"language": "en\r\nBcc: c@d.example"},
        {"body": "a\0b"},
        {"body": "x" * 300_000},
    ],
)
def test_nothing_gets_into_a_header_beside_its_value(changes: dict[str, str]) -> None:
    """A line break, or any other thing that could end a header, is refused."""
    with pytest.raises(InvalidInput) as refused:
        render(outgoing(**changes))
    assert refused.value.code == "mail_message"


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "a@", "@b.example", "a b@c.example", "a@b@c.example", '"a b"@c.example',
        "a@[192.0.2.1]", "a@b.example\r\nRCPT TO:<c@d.example>", "a\r\n@b.example", "a>@b.example",
        "<a@b.example>", "a..b@c.example", ".a@c.example", "a\u200bb@c.example",
        "a\u2028b@c.example",
        "x" * 65 + "@c.example", "a@" + "b" * 64 + ".example", "a,b@c.example", "a@b.example>",
    ],
)  # fmt: skip
def test_an_address_that_could_carry_a_command_is_refused(text: str) -> None:
    """Only a plain local part and a domain name are an address."""
    with pytest.raises(InvalidInput) as refused:
        mail_address.parse(text)
    assert refused.value.code == "mail_address"


def test_an_address_keeps_its_letters() -> None:
    """The local part stays as it is; a domain in letters is told in LDH; a repr is mute."""
    found = mail_address.parse("Jürgen.Müller+a@bücher.example")
    assert found.text == "Jürgen.Müller+a@xn--bcher-kva.example"
    assert found.needs_utf8
    assert "ller" not in repr(found)
    assert not TO.needs_utf8


def test_an_address_beyond_ascii_stands_in_the_header_as_it_is() -> None:
    """With SMTPUTF8 the address is not encoded (RFC 6532)."""
    content = render(outgoing(), to="jürgen@kaveri-silk.example")
    assert "To: jürgen@kaveri-silk.example\r\n".encode() in content
