"""What `doctor` looks at: each check says whether it is well, and if not, what to do.

Works beside a running service and when nothing runs, and changes nothing. Every finding is one
sentence without personal data.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final

from proxy.apps.api import client_keys
from proxy.errors import ProxyError
from proxy.hosting import boot, database, directory
from proxy.hosting.process import SystemClock
from proxy.run import api_tls, listeners, roles, root_phrase
from proxy.run.cli import keys
from proxy.store import fitness, pool, webhooks
from proxy.store.logins import LoginRole
from proxy.vault import genesis
from proxy.vault.root_key import Provider
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import Iterator

    from proxy.settings import Settings


_NO_VERSION: Final = 2**31 - 1  # asks what stands, without documents
HEALTH_WAIT_S = 5.0  # a supervisor answers at once

_OFFICE: Final = ("office_mail", "office_address", "office_arbitration")

_ROW_REASONS: Final = frozenset(
    {"record_missing", "record_unknown", "record_forged", "record_rolled_back", "record_erased"}
)
"""What the vault says of rows that are not those it knows, whatever the keys."""

_ROWS_CHANGED: Final = (
    "The database is older than the vault's state, or rows were changed behind the vault's back. "
    "Put database and key directory back from backups of the same moment."
)
_KEYS_CHANGED: Final = (
    "The keys are not those they were sealed with, or bytes were damaged. Put the key directory "
    "back from its backup."
)


_WEBHOOKS: Final = (
    "`privacyproxy webhook list REGISTRAR` names them; `webhook dead` and `webhook replay` deal "
    "with letters, `webhook resume` and `webhook remove` with the others."
)
FAILING: Final = timedelta(hours=1)
"""A host that is away for less is being restarted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check and its outcome."""

    check: str
    is_well: bool
    sentence: str


def examine(settings: Settings, *, everything: bool = False) -> tuple[Finding, ...]:
    """Every finding, in the order in which things depend on one another.

    `everything` has the vault open every record instead of a sample; only counts come back.
    """
    running = any(directory.is_held(settings.data_dir, name) for name in roles.GROUPS)
    return (
        *_directories(settings),
        *_service(settings, is_up=running),
        *(() if running else _ports(settings)),
        *_keys(settings),
        *_api_tls(settings),
        _mail(settings),
        _office(settings),
        *asyncio.run(_databases(settings, is_up=running)),
        *asyncio.run(_webhooks(settings, is_up=running)),
        *(_records(settings, everything=everything) if running else ()),
    )


def _directories(settings: Settings) -> Iterator[Finding]:
    for name, path in (("data directory", settings.data_dir), ("key directory", settings.key_dir)):
        if not path.exists():
            yield _bad(name, f"{path} does not exist; `privacyproxy up` makes it.")
        elif not os.access(path, os.R_OK | os.W_OK | os.X_OK):
            yield _bad(name, f"{path} may not be used by this user; run as its owner.")
        else:
            yield _well(name, str(path))


def _service(settings: Settings, *, is_up: bool) -> Iterator[Finding]:
    if not is_up:
        yield _well("service", "nothing runs in this data directory")
        return
    facts = directory.running(settings.data_dir)
    yield _well("service", f"runs as process {facts.get('pid')}")
    states = _role_states(str(facts.get("metrics", "")))
    if not states:
        yield _bad("roles", "The metrics listener does not answer; the service may be starting.")
    for role, state in states.items():
        if state != "ready":
            yield _bad(role, f"It is {state}; its last lines in the log say why.")
    if states and set(states.values()) == {"ready"}:
        yield _well("roles", f"all ready: {', '.join(states)}")


def _role_states(metrics_url: str) -> dict[str, str]:
    """The states by role from the health listener; empty when it does not answer."""
    host, _, port = metrics_url.removeprefix("http://").rpartition(":")
    if not port.isdecimal():
        return {}
    connection = HTTPConnection(host.strip("[]"), int(port), timeout=HEALTH_WAIT_S)
    try:
        connection.request("GET", "/health/ready")
        found: dict[str, str] = json.loads(connection.getresponse().read())["roles"]
    except (OSError, HTTPException, ValueError, KeyError):
        return {}
    finally:
        connection.close()
    return found


def _ports(settings: Settings) -> Iterator[Finding]:
    for name in ("whois", "rdap", "api", "api_tls", "web", "smtp", "metrics"):
        for address in listeners.addresses(settings, name):
            try:
                listeners.listen(name, address, 1).close()
            except ProxyError as fault:
                yield _bad(f"{name} port", fault.detail)
            else:
                yield _well(f"{name} port", f"{address.text} is free")


def _api_tls(settings: Settings) -> Iterator[Finding]:
    """Whether the files of the API's listener with client certificates can be used."""
    if settings.api_client_keys is None:
        return
    try:
        api_tls.context(settings)
        bound = client_keys.read(settings.api_client_keys)
    except ProxyError as fault:
        yield _bad("api client certificates", fault.detail)
    else:
        yield _well("api client certificates", f"keys bound to certificates: {len(bound)}")


def _mail(settings: Settings) -> Finding:
    if directory.is_demo(settings.data_dir) and settings.mail_route is None:
        return _well("mail", "a demo's notices go nowhere")
    if settings.mail_domain is None:
        return _well("mail", "not set up: notices wait in the outbox (setting mail_domain)")
    if settings.mail_route is None:
        return _well("mail", "notices go to each recipient's exchanger")
    return _well("mail", "notices go through mail_route; its reports alone prove a delivery")


def _office(settings: Settings) -> Finding:
    invented = {one.name: one.default for one in fields(settings) if one.name in _OFFICE}
    left = [name for name in _OFFICE if getattr(settings, name) == invented[name]]
    if directory.is_demo(settings.data_dir) or settings.mail_domain is None:
        return _well("office", "no notice goes out that would say how people reach you")
    if left:
        names = ", ".join(left)
        return _bad("office", f"Notices give an invented way to reach you: set {names}.")
    return _well("office", "notices say how people reach you")


def _keys(settings: Settings) -> Iterator[Finding]:
    if (
        not (settings.data_dir / genesis.PIN_NAME).exists()
        and not (settings.key_dir / genesis.VAULT_DIRECTORY).exists()
    ):
        yield _well("keys", "no keys yet; the first start makes them")
        return
    phrase = None
    if settings.root_passphrase_file is not None:
        try:
            phrase = root_phrase.from_file(settings, settings.root_passphrase_file)
        except ProxyError as fault:
            yield _bad("pass phrase", fault.detail)
    found = genesis.examine(settings.key_dir, settings.data_dir, phrase)
    yield _well("keys", "the key files fit this data") if found is None else _bad("keys", found)
    yield from _root(settings, is_tried=found is None and phrase is not None)


def _root(settings: Settings, *, is_tried: bool) -> Iterator[Finding]:
    """How the root key is kept, and whether the settings agree."""
    try:
        kept = genesis.root_provider(settings.key_dir)
    except PermissionError:  # told by the check of the keys
        return
    if kept is None:
        return
    if kept != settings.root_provider:
        yield _bad("root key", genesis.kept_otherwise(settings.key_dir, kept))
    elif kept is Provider.FILE:
        yield _well("root key", "lies open in its file; root_provider can have it wrapped")
    elif is_tried:
        yield _well("root key", "wrapped; the pass phrase of root_passphrase_file opens it")
    else:
        yield _well("root key", "wrapped with a pass phrase, which was not tried")


async def _databases(settings: Settings, *, is_up: bool) -> tuple[Finding, ...]:
    if settings.database_url is None and not is_up:
        return (_well("database", "embedded; it runs with `privacyproxy up` only"),)
    found: list[Finding] = []
    for role in LoginRole:
        name = f"database as {role.login}"
        try:
            access = boot.access(database.login(settings, role))
        except ProxyError as fault:
            found.append(_bad(name, fault.detail))
            continue
        faults = await fitness.examine({role: access})
        # What is wrong with the server shows to every login, and is told once.
        told = {one.sentence for one in found}
        found += [_bad(name, fault.detail) for fault in faults if fault.detail not in told]
        if not faults:
            # Access takes nothing between: TCP whose other end is not proven is refused.
            link = "over its Unix socket" if access.tls is None else "over TLS, verified in full"
            found.append(_well(name, f"answers {link}, and has the rights it needs"))
    return tuple(found)


async def _webhooks(settings: Settings, *, is_up: bool) -> tuple[Finding, ...]:
    """What registrars do not take; nothing where the database can not be asked, which is told."""
    if settings.database_url is None and not is_up:
        return ()
    try:
        async with pool.connected(
            boot.access(database.login(settings, LoginRole.OPERATOR))
        ) as link:
            found = await webhooks.troubled(link, SystemClock().now() - FAILING)
    except ProxyError:
        return ()
    told = [
        f"{sentence}: {count}"
        for sentence, count in (
            ("dead letters", found.dead),
            ("webhooks that hold them", found.holding),
            ("webhooks that have failed for an hour", found.failing),
            ("webhooks whose host wants no more", found.gone),
        )
        if count
    ]
    if not told:
        return (_well("webhooks", "none fails, no dead letters"),)
    return (_bad("webhooks", f"{'; '.join(told).capitalize()}. {_WEBHOOKS}"),)


def _records(settings: Settings, *, everything: bool) -> Iterator[Finding]:
    """What the vault says of the records it holds: counts only."""
    request = frames.Check(everything=everything)
    try:
        path = keys.socket_path(settings.data_dir)
        status = keys.last(keys.ask(path, frames.Status()))
        if status["state"] != "ready":
            yield _bad("state", str(status["state_detail"]))
            return
        if status["ledger_fault"]:
            yield _bad("ledger", str(status["ledger_fault"]))
        yield _roster(keys.last(keys.ask(path, frames.ShowRoster(after=_NO_VERSION))))
        answer = keys.last(keys.ask(path, request))
    except ProxyError as fault:
        yield _bad("records", fault.detail)
        return
    checked, unreadable = answer.get("checked"), answer.get("unreadable")
    if unreadable:
        yield _bad("records", _unreadable(answer))
    else:
        yield _well("records", f"{checked} opened, none unreadable")
    if "ledger_whole" in answer:
        if answer["ledger_whole"]:
            yield _well("ledger", "the leaves come to the tree that the vault signed")
        else:
            yield _bad("ledger", f"leaves were changed or set back. {_ROWS_CHANGED}")
    if answer.get("failed"):
        yield _bad(
            "adoption",
            f"{answer['failed']} submissions could not be adopted; the log names the "
            "registrations. `privacyproxy keys retry` tries again.",
        )
    else:
        yield _well("adoption", f"{answer.get('waiting')} waiting, none failed")


def _roster(answer: frames.Answer) -> Finding:
    """Who may decide, and what waits to change that."""
    current, waiting = answer["current"], answer["waiting"]
    if not isinstance(current, Mapping):
        return _well("roster", "none yet, so nothing can be ordered; `privacyproxy roster init`")
    said = f"version {current['version']} is in force"
    if isinstance(waiting, Mapping):
        said += f"; version {waiting['version']} waits until {waiting['effective_at']}"
    return _well("roster", said)


def _unreadable(answer: frames.Answer) -> str:
    """How many records do not open, why, and what to do: rows and keys have different cures."""
    reasons = answer.get("reasons")
    counts = dict(reasons) if isinstance(reasons, Mapping) else {}
    told = ", ".join(f"{code}: {count}" for code, count in sorted(counts.items()))
    cure = _ROWS_CHANGED if _ROW_REASONS & counts.keys() else _KEYS_CHANGED
    return f"{answer.get('unreadable')} of {answer.get('checked')} do not open ({told}). {cure}"


def _well(check: str, sentence: str) -> Finding:
    return Finding(check=check, is_well=True, sentence=sentence)


def _bad(check: str, sentence: str) -> Finding:
    return Finding(check=check, is_well=False, sentence=sentence)
