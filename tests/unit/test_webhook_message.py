"""Messages to endpoints: signatures as Standard Webhooks 1.0 has them, secrets that are derived."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from uuid import UUID

import pytest

from proxy.errors import InvalidInput
from proxy.model.event import Event, EventData
from proxy.model.identifiers import DomainName, RegistrationId
from proxy.model.webhook import WebhookId
from proxy.wire import webhook_message

KEY = bytes(range(32))
HOOK = WebhookId(UUID("01900000-0000-7000-8000-00000000000a"))
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
EVENT = Event(
    id=UUID("01900000-0000-4000-8000-000000000001"),
    kind="registration.changed",
    registration_id=RegistrationId(UUID(int=5)),
    domain=DomainName("kaveri.example"),
    data=EventData(
        registration=str(UUID(int=5)),
        domain="kaveri.example",
        revision=2,
        state="active",
        mode="proxy",
    ),
    at=NOW,
    pos=7,
)


def test_a_message_is_signed_as_a_consumer_checks_it() -> None:
    """The check is written from the standard's text alone, with the secret as it is shown."""
    secret = webhook_message.secret(KEY, HOOK, 1)
    body = webhook_message.body(EVENT)
    headers = webhook_message.headers(EVENT, body, [secret], NOW)
    shown = webhook_message.render_secret(secret).removeprefix("whsec_")
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.{body.decode()}"
    mac = hmac.new(base64.b64decode(shown), signed.encode(), hashlib.sha256).digest()
    assert headers["webhook-signature"] == "v1," + base64.b64encode(mac).decode()
    assert headers["webhook-id"] == str(EVENT.id)
    assert headers["webhook-timestamp"] == "1793534400"
    told = json.loads(body)
    assert (told["type"], told["timestamp"]) == ("registration.changed", "2026-11-01T12:00:00Z")
    assert told["data"]["revision"] == 2


def test_the_standards_own_vector_is_met() -> None:
    """The signature scheme gives what its reference libraries give for their example."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = webhook_message.signature(
        secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
    )
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_while_a_secret_changes_both_sign() -> None:
    """Two secrets, two signatures in one header, the newest first."""
    secrets = [webhook_message.secret(KEY, HOOK, version) for version in (2, 1)]
    body = webhook_message.body(EVENT)
    both = webhook_message.headers(EVENT, body, secrets, NOW)["webhook-signature"].split(" ")
    single = [
        webhook_message.headers(EVENT, body, [one], NOW)["webhook-signature"] for one in secrets
    ]
    assert both == single
    assert both[0] != both[1]


def test_secrets_differ_by_key_webhook_and_version() -> None:
    """None tells another, and each is the same again."""
    other = WebhookId(UUID(int=1))
    made = {
        webhook_message.secret(key, hook, version)
        for key in (KEY, bytes(32))
        for hook in (HOOK, other)
        for version in (1, 2, 11)
    }
    assert len(made) == 12
    assert webhook_message.secret(KEY, HOOK, 1) in made


@pytest.mark.parametrize(
    "url",
    [
        "ftp://registrar.example/",
        "https://",
        "https:///path",
        "https://user@registrar.example/",
        "https://user:word@registrar.example/",
        "https://registrar.example/#part",
        "https://registrar.example:99999/",
        "https://registrar.example:0/",
        "https://registrar.example/a b",
        "https://registrar.example/\n",
        "https://[::1/",
        "https://registrar.example/" + "a" * 2_000,
        "//registrar.example/",
        "",
    ],
)
def test_what_is_no_address_of_an_endpoint_is_refused(url: str) -> None:
    """An address is https or http with a host, and holds nothing that others may read."""
    with pytest.raises(InvalidInput):
        webhook_message.parse_url(url)


def test_an_address_is_taken_as_it_is() -> None:
    """A port, a path and a query belong to its owner."""
    url = "https://hooks.registrar.example:8443/in/events?token=1"
    assert webhook_message.parse_url(url) == url
