"""Rosters, orders and anchors in plain words, for people who must know what they sign. Pure."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from proxy.model.order import CaseSubject, ChangeRegistrarKey, OrderKind, OrderState
from proxy.rules import approval_matrix, orders
from proxy.wire import case_words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from proxy.model.anchor import Anchor
    from proxy.model.approval_key import ApprovalKey
    from proxy.model.identifiers import TenantId
    from proxy.model.order import ChangeAgent, Order
    from proxy.model.roster import Agent, Roster, Rule

_TIME = "%Y-%m-%d %H:%M UTC"
_AGENT_WORDS = {
    "openpgp": "deposits are encrypted to the OpenPGP key",
    "host": "deposits are sent to the host",
    "port": "at its port",
    "host_key": "which shows the host key",
    "deposits_per_day": "at the most so many deposits a day",
}


def roster(one: Roster, sha256: str) -> Iterator[str]:
    """A roster, a line each."""
    yield f"Roster {one.version} of installation {one.deployment}"
    yield f"  digest      {sha256}"
    if one.is_demo:
        yield "  DEMO        its delays may be short: never for real data"
    yield f"  next one    {one.approvals} members sign it; {_hours(one.delay_s)} until in force"
    for member in one.members:
        yield f"  member      {member.person}: {', '.join(sorted(member.roles)) or 'no role'}"
        yield from (f"              {_key(key)}" for key in member.keys)
    if one.holders:
        yield (
            f"  recovery    {one.recovery_approvals} of {len(one.holders)} keepers;"
            f" {_hours(one.recovery_delay_s)} until in force"
        )
    for holder in one.holders:
        yield f"  keeper      {holder.person}"
        yield from (f"              {_key(key)}" for key in holder.keys)
    for rule in one.rules:
        yield from _rule(rule)
    for agent in one.agents:
        yield f"  agent       {agent.id}: OpenPGP {agent.openpgp}, {agent.host}:{agent.port}"
        yield f"              host key {agent.host_key}, {agent.deposits_per_day} deposits a day"
        yield f"              gets the deposits of {_whose(agent)}"
    if one.relying_party is not None:
        yield f"  passkeys    for {one.relying_party.id} at {', '.join(one.relying_party.origins)}"


def _rule(rule: Rule) -> Iterator[str]:
    """What a kind of order needs, with what counts whatever the roster says."""
    needed = approval_matrix.by_rule(rule)
    each = f", among them {' and '.join(needed.each)}" if needed.each else ""
    clears = f"; beside them {' and '.join(needed.clears)}" if needed.clears else ""
    voters = ", ".join(sorted(rule.voters))
    yield f"  order       {rule.kind}: {needed.approvals} of {voters}{each}{clears}"
    if rule.fields:
        verb = "change" if rule.kind is OrderKind.CHANGE_AGENT else "give"
        yield f"              may {verb} {', '.join(sorted(rule.fields))}"


def difference(before: Roster, after: Roster) -> tuple[str, ...]:
    """What a successor changes, a line each."""
    found = [
        *_people("member", _entries(before, "members"), _entries(after, "members")),
        *_people("keeper", _entries(before, "holders"), _entries(after, "holders")),
    ]
    found += [
        f"agent {name}: {text}"
        for name in sorted({one.id for one in (*before.agents, *after.agents)})
        for text in _agent(before.agent(name), after.agent(name))
    ]
    for name, words in (
        ("approvals", "members who must sign the next roster"),
        ("delay_s", "seconds until a roster is in force"),
        ("recovery_approvals", "keepers who must sign a recovery"),
        ("recovery_delay_s", "seconds until a recovery is in force"),
        ("relying_party", "site of passkeys"),
        ("rules", "rules of orders"),
    ):
        if getattr(before, name) != getattr(after, name):
            found.append(f"{words}: {getattr(before, name)} becomes {getattr(after, name)}")
    return tuple(found)


def standing(one: Order, state: str, *, is_enough: bool, now: datetime) -> str:
    """Where an order stands: one that ran out stays open in the database, and is over for all."""
    untimely = orders.untimely(one, now) if state == OrderState.OPEN else None
    if untimely == "order_expired":
        return "expired: it is proposed anew"
    if state == OrderState.OPEN and is_enough:
        early = f" from {one.not_before:{_TIME}} on" if untimely else ""
        return f"approved: it can be carried out{early}"
    return state


def order(one: Order, sha256: str, under: Roster) -> Iterator[str]:
    """An order, a line each: what it does, why, who and until when."""
    yield f"Order {one.id}: {one.kind}"
    subject = one.subject
    if isinstance(subject, CaseSubject):
        yield from case_words.lines(one.kind, subject)
    elif isinstance(subject, ChangeRegistrarKey):
        yield from (f"  does        {text}" for text in _registrar_key_deed(subject, under))
    else:
        yield from (f"  does        {text}" for text in _agent_deed(subject, under))
    # With a margin of its own, so that nothing in it can look like another line.
    for place, text in enumerate(textwrap.wrap(one.reason, 72)):
        yield f"  {'because' if place == 0 else '':<11} | {text}"
    for place_of in ("proposer", "handler", "releaser"):
        person = getattr(one, place_of)
        if person:  # of an agent's order nothing proves who it is but the operator who submits it
            is_named = person != orders.OPERATOR and not isinstance(subject, CaseSubject)
            by = ", named by the operator" if is_named else ""
            yield f"  {place_of:<11} {person}{by}"
    yield from _votes(one, under)
    yield f"  not before  {one.not_before:{_TIME}}"
    yield f"  expires     {one.expires_at:{_TIME}}"
    yield f"  under       roster {one.roster_version}, {one.roster}"
    yield f"  digest      {sha256}"


def anchor(one: Anchor, sha256: str) -> Iterator[str]:
    """An anchor, a line each: what it does, and what to compare it with before signing."""
    found = one.found
    yield f"Anchor {one.id} of installation {one.deployment}"
    yield "  does        the vault has lost its state, and takes the database as it is for true:"
    yield "              whoever signs says that nobody has set it back or written to it"
    yield f"  because     {one.reason}"
    yield f"  under       roster {one.roster_version}, {one.roster}"
    yield "              compare with what other members' machines have seen"
    yield f"  ledger      {found.ledger_size} leaves, root {found.ledger_root}"
    yield "              compare with a witness's newest checkpoint, which may not be larger"
    if one.has_lost_ledger:
        yield "  LOST        a checkpoint was seen that this ledger does not lead to: acts that"
        yield "              were public are gone for ever, and every witness will tell"
    yield f"  records     {found.records}, root {found.records_root}"
    if found.left_out:
        yield f"  left out    {found.left_out} that do not open or were erased: they stay refused"
    yield f"  erasures    {found.erasures}: whoever was erased since an older backup comes back"
    yield f"  made at     {one.made_at:{_TIME}}, holds for 72 h"
    yield f"  digest      {sha256}"


def _votes(one: Order, under: Roster) -> Iterator[str]:
    """How many people the order needs, and which."""
    rule = under.rule(one.kind)
    if rule is None:
        return
    needed = approval_matrix.by_order(rule, one)
    each = f", among them {' and '.join(needed.each)}" if needed.each else ""
    clears = f"; beside them {' and '.join(needed.clears)} clears it" if needed.clears else ""
    alone = "; all on machines of their own" if needed.all_detached else ""
    yield f"  needs       {needed.approvals} who approve{each}{clears}{alone}"


def _registrar_key_deed(change: ChangeRegistrarKey, under: Roster) -> Iterator[str]:
    yield f"registrar {change.tenant_id}: reading back the persons behind its names"
    if change.key is None:
        yield "ends at once: it has no key any more"
        return
    yield f"signed with the Ed25519 key {change.key.signing}"
    yield f"sealed to the X25519 key {change.key.sealing}"
    yield "compare both with the registrar, on a number that you know: whoever has them reads"
    yield "every person behind its names, some hundred a day"
    yield f"from {_hours(under.delay_s)} after it is carried out, unless a member revokes it"
    if change.replaces:
        yield "in the place of the key that it has so far"


def _agent_deed(change: ChangeAgent, under: Roster) -> Sequence[str]:
    before = under.agent(change.agent_id)
    texts = [f"escrow agent {change.agent_id}: {text}" for text in _agent(before, change.agent)]
    if change.agent is not None:
        texts.append(
            "deposits hold every person behind every name: whoever has this key and"
            f" host gets those of {_whose(change.agent)}"
        )
    return texts


def _agent(before: Agent | None, after: Agent | None) -> Iterator[str]:
    if after is None:
        yield "is no agent any more"
        return
    for name, words in _AGENT_WORDS.items():
        value = getattr(after, name)
        if before is None:
            yield f"{words} {value}"
        elif getattr(before, name) != value:
            yield f"{words} {value} (so far {getattr(before, name)})"
    yield from _registrars(before, after)


def _registrars(before: Agent | None, after: Agent) -> Iterator[str]:
    if before is None:
        yield f"gets the deposits of {_whose(after)}"
    elif not before.registrars or not after.registrars:
        if before.registrars or after.registrars:
            yield f"gets the deposits of {_whose(after)} (so far of {_whose(before)})"
    else:  # of long lists only the difference shows what happens
        come, go = after.registrars - before.registrars, before.registrars - after.registrars
        if come:
            yield f"also gets the deposits of {_named(come)}"
        if go:
            yield f"no longer gets the deposits of {_named(go)}"


def _whose(agent: Agent) -> str:
    return _named(agent.registrars) if agent.registrars else "every registrar"


def _named(registrars: frozenset[TenantId]) -> str:
    word = "registrar" if len(registrars) == 1 else "registrars"
    return f"{len(registrars)} {word}: {', '.join(sorted(str(one) for one in registrars))}"


def _entries(one: Roster, kind: str) -> Mapping[str, tuple[str, ...]]:
    return {
        each.person: (
            *sorted(getattr(each, "roles", ())),
            *(f"{key.id} {key.credential}".strip() for key in each.keys),
        )
        for each in getattr(one, kind)
    }


def _people(
    kind: str, before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]
) -> Iterator[str]:
    for person in sorted(before.keys() | after.keys()):
        old, new = before.get(person), after.get(person)
        if old is None and new is not None:
            yield f"{kind} {person} comes: {', '.join(new)}"
        elif new is None and old is not None:
            yield f"{kind} {person} goes"
        elif old is not None and new is not None:
            yield from (f"{kind} {person} gets {one}" for one in new if one not in old)
            yield from (f"{kind} {person} loses {one}" for one in old if one not in new)


def _key(key: ApprovalKey) -> str:
    where = "on their own machine" if key.is_detached else "passkey, through a web page"
    return f"{key.id} ({key.kind}: {where})"


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:g} h"
