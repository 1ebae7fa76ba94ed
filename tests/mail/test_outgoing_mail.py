"""Handing messages over, to receivers on real sockets: what counts as taken, refused, later."""

from __future__ import annotations

import asyncio
import ssl

import pytest

from proxy.model.notice import Handing, Sent
from proxy.outbound.addresses import is_public
from proxy.outbound.mail import Route, SmtpMail
from proxy.wire import mail_address
from tests.support.receiver import Loopback, Receiver, receiving

TO = mail_address.parse("meera@kaveri-silk.example")
BACK = "bounce+abc@mail.registrar.example"
MESSAGE = b"Subject: x\r\n\r\n.\r\n..two\r\nthe end\r\n"


async def send(*ports: int, to: str = TO.text, needs_tls: bool = False) -> Sent:
    """What came of a try at receivers."""
    mail = SmtpMail(
        our_name="mail.registrar.example", exchangers=Loopback(*ports), needs_tls=needs_tls
    )
    return await mail.send(MESSAGE, to=mail_address.parse(to), return_path=BACK)


async def test_what_the_exchanger_takes_is_accepted_whole() -> None:
    """Accepted, with the envelope and every octet as they were given."""
    receiver = Receiver()
    async with receiving(receiver) as port:
        assert await send(port) == Sent(handing=Handing.ACCEPTED, reply=250)
    assert receiver.got == [(BACK, [TO.text], MESSAGE)]


async def test_what_a_route_takes_is_handed() -> None:
    """The operator's own host is no recipient: its yes is no proof."""
    receiver = Receiver()
    async with receiving(receiver) as port:
        route = Route(host="127.0.0.1", port=port)
        mail = SmtpMail(our_name="mail.registrar.example", exchangers=None, route=route)
        sent = await mail.send(MESSAGE, to=TO, return_path=BACK)
    assert sent.handing is Handing.HANDED
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("receiver", "handing", "reply"),
    [
        (Receiver(rcpt="550 5.1.1 meera@kaveri-silk.example unknown"), Handing.PERMANENT, 550),
        (Receiver(rcpt="451 4.7.1 grey"), Handing.TEMPORARY, 451),
        (Receiver(data="554 5.7.1 no"), Handing.PERMANENT, 554),
        (Receiver(data="452 4.3.1 full"), Handing.TEMPORARY, 452),
    ],
)
async def test_a_refusal_is_its_number(receiver: Receiver, handing: Handing, reply: int) -> None:
    """5yz is for ever, 4yz for now; of the reply's text nothing is kept."""
    async with receiving(receiver) as port:
        sent = await send(port)
    assert (sent.handing, sent.reply) == (handing, reply)
    assert "meera" not in repr(sent)


async def test_the_next_exchanger_is_tried_where_one_is_away() -> None:
    """A host that does not answer, or is busy, is passed over."""
    busy, receiver = Receiver(rcpt="421 4.3.2 busy"), Receiver()
    async with receiving(busy) as first, receiving(receiver) as second:
        async with receiving(Receiver()) as gone:
            pass
        assert (await send(gone, first, second)).handing is Handing.ACCEPTED
    assert len(receiver.got) == 1


async def test_a_no_of_one_exchanger_is_the_answer() -> None:
    """After a permanent refusal no other host is asked."""
    refusing, other = Receiver(rcpt="550 no"), Receiver()
    async with receiving(refusing) as first, receiving(other) as second:
        assert (await send(first, second)).handing is Handing.PERMANENT
    assert other.got == []


async def test_without_tls_nothing_is_sent_where_it_is_required() -> None:
    """A host without STARTTLS gets no command of ours but EHLO."""
    receiver = Receiver()
    async with receiving(receiver) as port:
        sent = await send(port, needs_tls=True)
    assert (sent.handing, sent.reason) == (Handing.TEMPORARY, "tls_missing")
    assert receiver.got == []


async def test_an_address_in_letters_needs_a_host_that_can() -> None:
    """SMTPUTF8 is used where it is offered; elsewhere the address can not be reached."""
    receiver = Receiver()
    async with receiving(receiver) as port:
        assert (await send(port, to="jürgen@kaveri-silk.example")).handing is Handing.ACCEPTED
    assert receiver.got[0][1] == ["jürgen@kaveri-silk.example"]
    async with receiving(Receiver(), has_utf8=False) as port:
        sent = await send(port, to="jürgen@kaveri-silk.example")
    assert (sent.handing, sent.reason) == (Handing.PERMANENT, "no_smtputf8")


@pytest.mark.parametrize(
    "greeting", [b"", b"220 \xff\xfe\r\n", b"554 go away\r\n", b"999 x\r\n", b"\0" * 99_999]
)
async def test_a_host_that_talks_nonsense_is_tried_later(greeting: bytes) -> None:
    """Whatever a host says or does not say, a try ends in a code."""

    async def nonsense(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        writer.close()

    server = await asyncio.start_server(nonsense, "127.0.0.1", 0)
    async with server:
        sent = await send(server.sockets[0].getsockname()[1])
    assert sent.handing is Handing.TEMPORARY
    assert 0 <= sent.reply <= 599


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True), ("2600::1", True), ("127.0.0.1", False), ("10.0.0.1", False),
        ("172.16.0.1", False), ("192.168.1.1", False), ("169.254.169.254", False),
        ("100.64.0.1", False), ("0.0.0.1", False), ("224.0.0.1", False), ("255.255.255.255", False),
        ("::1", False), ("::", False), ("fe80::1", False), ("fc00::1", False), ("ff02::1", False),
        ("::ffff:127.0.0.1", False), ("::ffff:8.8.8.8", True), ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False), ("192.0.2.1", False), ("2001:db8::1", False),
    ],
)  # fmt: skip
def test_our_own_networks_are_never_an_exchanger(address: str, expected: bool) -> None:
    """Addresses of private use, of this machine, and what hides one, are not spoken to."""
    assert is_public(address) is expected


def test_required_tls_proves_the_other_end() -> None:
    """With TLS required a certificate has to be the host's; else any will do."""
    strict = SmtpMail(our_name="x.example", exchangers=None, needs_tls=True)._tls
    loose = SmtpMail(our_name="x.example", exchangers=None)._tls
    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert loose.verify_mode is ssl.CERT_NONE
