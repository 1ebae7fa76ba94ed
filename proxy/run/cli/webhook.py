"""`privacyproxy webhook`: where a registrar's events are sent, and what was not taken there."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from proxy.apps.api import headers
from proxy.errors import InvalidInput
from proxy.hosting import flags
from proxy.hosting.process import SystemClock
from proxy.model.identifiers import ResellerId, TenantId, uuid7
from proxy.model.webhook import HookState, WebhookId
from proxy.rules import webhook_retries
from proxy.run import accounts as desk
from proxy.run import webhook_keys
from proxy.run.cli import account_words
from proxy.store import events
from proxy.store import webhooks as store
from proxy.wire import webhook_message

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from proxy.model.journal import JournalPosition
    from proxy.model.webhook import DeadLetter
    from proxy.settings import Settings
    from proxy.store.pool import Connection
    from proxy.store.webhooks import Listed

NAME = "webhook"
HELP = "where a registrar's events are sent: add, list, secrets, dead letters, replay"
_ID: Final = "0198c0de-0000-7000-8000-000000000001"  # of the examples
_PAGE: Final = 1_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `webhook`."""
    actions = flags.add_actions(parser)
    add = account_words.action(
        actions, "add", "send events to an address; prints its secret once",
        f"webhook add {_ID} https://registrar.example/events",
    )  # fmt: skip
    add.add_argument("registrar", type=UUID, metavar="REGISTRAR", help="whose events")
    add.add_argument("url", metavar="URL", help="where they are posted, by https")
    add.add_argument("--reseller", metavar="NAME", help="those of one reseller's names alone")
    listed = account_words.action(actions, "list", "those there are", f"webhook list {_ID}")
    listed.add_argument("registrar", type=UUID, metavar="REGISTRAR", help="whose")
    for name, sentence in _OF_ONE.items():
        one = account_words.action(actions, name, sentence, f"webhook {name} {_ID}")
        one.add_argument("webhook", type=UUID, metavar="WEBHOOK", help="by `webhook list`")
    replay = actions.choices["replay"]
    which = replay.add_mutually_exclusive_group(required=True)
    which.add_argument("--after", metavar="CURSOR", help="all after a cursor of GET /v1/events")
    which.add_argument("--all", action="store_true", help="all that is kept")
    which.add_argument("--dead", action="store_true", help="every dead letter")
    which.add_argument(
        "--event", type=UUID, action="append", metavar="ID", help="the dead letter of an event"
    )


_OF_ONE: Final = {
    "pause": "send nothing for now; its place is kept",
    "resume": "go on, at once",
    "rotate-secret": "a new secret; the one before signs as well for 24 hours",
    "remove": "send nothing more, and forget what was not taken",
    "dead": "events that were refused for two days and are tried no more",
    "replay": "send again: dead letters, or everything after a cursor",
}


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when it was done; raises NotFound for a registrar or webhook there is not."""
    now = SystemClock().now()
    match arguments.action:
        case "add":
            return _add(arguments, settings, now)
        case "list":
            return _list(arguments, settings)
        case "rotate-secret":
            return _rotate(arguments, settings, now)
        case "dead":
            return _dead(arguments, settings)
        case "replay":
            return _replay(arguments, settings, now)
        case _:
            return _change(arguments, settings, now)


def _add(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    tenant_id = TenantId(arguments.registrar)
    url = webhook_message.parse_url(arguments.url)
    if url.startswith("http:") and not settings.webhook_networks:
        raise InvalidInput("url", "Give an https URL: http is for webhook_networks alone.")
    webhook_id = WebhookId(uuid7(now, secrets.token_bytes(10)))
    given = arguments.reseller
    reseller = None if given is None else ResellerId(account_words.printable(given, "--reseller"))
    key = webhook_keys.read(settings.key_dir)

    async def act(connection: Connection) -> None:
        await desk.require(connection, tenant_id)
        if reseller is not None:
            await desk.require_reseller(connection, tenant_id, reseller)
        await store.add(connection, webhook_id, tenant_id, url=url, reseller=reseller, now=now)

    account_words.as_operator(settings, act)
    return _shown_secret(arguments, webhook_id, key, 1)


def _rotate(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    webhook_id = WebhookId(arguments.webhook)
    key = webhook_keys.read(settings.key_dir)
    former_until = now + webhook_retries.FORMER_SECRET
    version = account_words.as_operator(
        settings, lambda connection: store.rotate_secret(connection, webhook_id, former_until)
    )
    return _shown_secret(arguments, webhook_id, key, version)


def _shown_secret(
    arguments: argparse.Namespace, webhook_id: WebhookId, key: bytes, version: int
) -> int:
    text = webhook_message.render_secret(webhook_message.secret(key, webhook_id, version))
    facts = {"webhook": str(webhook_id), "secret": text}
    sentence = f"Webhook {webhook_id}. Its secret, shown once:\n{text}"
    return account_words.said(facts, sentence, as_json=arguments.json)


def _list(arguments: argparse.Namespace, settings: Settings) -> int:
    tenant_id = TenantId(arguments.registrar)

    async def listed(connection: Connection) -> list[dict[str, Any]]:
        await desk.require(connection, tenant_id)
        return [_row(one) for one in await store.of_tenant(connection, tenant_id)]

    rows = account_words.as_operator(settings, listed)
    columns = ("webhook", "url", "reseller", "state", "behind", "waiting", "dead", "reason")
    return account_words.tell(rows, columns, as_json=arguments.json)


def _dead(arguments: argparse.Namespace, settings: Settings) -> int:
    webhook_id = WebhookId(arguments.webhook)

    async def listed(connection: Connection) -> list[dict[str, Any]]:
        found, after = [], 0
        while page := await store.dead_letters(connection, webhook_id, after, _PAGE):
            found += [_letter(one) for _, one in page]
            after = page[-1][0]
        return found

    rows = account_words.as_operator(settings, listed)
    columns = ("event", "type", "domain", "at", "tries", "reason", "dead_at")
    return account_words.tell(rows, columns, as_json=arguments.json)


def _replay(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    webhook_id = WebhookId(arguments.webhook)
    if arguments.dead or arguments.event:
        chosen = None if arguments.dead else arguments.event
        count = account_words.as_operator(
            settings, lambda connection: store.revive(connection, webhook_id, chosen, now)
        )
        facts: dict[str, Any] = {"webhook": str(webhook_id), "revived": count}
        sentence = f"Dead letters that are tried again: {count}."
        return account_words.said(facts, sentence, as_json=arguments.json)
    to = _position(arguments.after)
    account_words.as_operator(
        settings, lambda connection: store.rewind(connection, webhook_id, to, now)
    )
    sentence = "What happened since is sent again, under the same ids."
    return account_words.said({"webhook": str(webhook_id)}, sentence, as_json=arguments.json)


def _position(cursor: str | None) -> JournalPosition:
    if cursor is None:
        return events.FROM_THE_START
    try:
        found = headers.parse_position({"after": cursor})
    except InvalidInput:
        raise InvalidInput("cursor", "--after takes a cursor that GET /v1/events gave.") from None
    return found or events.FROM_THE_START


def _change(arguments: argparse.Namespace, settings: Settings, now: datetime) -> int:
    webhook_id = WebhookId(arguments.webhook)
    deeds: dict[str, tuple[Callable[[Connection], Awaitable[None]], str]] = {
        "pause": (
            lambda connection: store.set_state(connection, webhook_id, HookState.PAUSED, now),
            "Nothing is sent until `webhook resume`.",
        ),
        "resume": (
            lambda connection: store.set_state(connection, webhook_id, HookState.ON, now),
            "It goes on where it stood.",
        ),
        "remove": (
            lambda connection: store.remove(connection, webhook_id),
            "It is forgotten, with what was not taken.",
        ),
    }
    act, sentence = deeds[arguments.action]
    account_words.as_operator(settings, act)
    return account_words.said({"webhook": str(webhook_id)}, sentence, as_json=arguments.json)


def _row(one: Listed) -> dict[str, Any]:
    hook = one.webhook
    return {
        "webhook": str(hook.id),
        "url": hook.url,
        "reseller": hook.reseller,
        "state": hook.state.value,
        "behind": one.behind,
        "waiting": one.waiting,
        "dead": one.dead,
        "reason": hook.reason or None,
        "failing_since": account_words.moment(hook.failing_since),
        "next_try": account_words.moment(hook.next_try),
        "created_at": account_words.moment(hook.created_at),
    }


def _letter(one: DeadLetter) -> dict[str, Any]:
    return {
        "event": str(one.event_id),
        "type": one.kind,
        "domain": one.domain,
        "at": account_words.moment(one.at),
        "tries": one.tries,
        "reason": one.reason,
        "dead_at": account_words.moment(one.dead_at),
    }
