"""Rosters as documents and back. Pure; whether a roster is acceptable is rules.succession's to say.

Lists are sorted and hold each member once, so that equal rosters are equal texts.
Source: vault.md, Roster; FORMAT.md, Roster.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Literal
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput
from proxy.model import approval_key
from proxy.model.approval_key import ApprovalKey, KeyKind
from proxy.model.identifiers import TenantId
from proxy.model.order import OrderKind
from proxy.model.roster import (
    Agent,
    AgentId,
    DeploymentId,
    Holder,
    Member,
    Person,
    RelyingParty,
    Roster,
    Rule,
    StaffRole,
)
from proxy.wire import documents

if TYPE_CHECKING:
    from collections.abc import Iterable

_Hex = Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]
_Handle = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
# A field of an agent, or one of a contact with its role: registrant.email.
_Field = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,31}(\.[a-z][a-z0-9_]{0,31})?\Z")]
_Small = Annotated[int, msgspec.Meta(ge=0, le=64)]
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=2**31)]
_Short = Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
_Origin = Annotated[str, msgspec.Meta(pattern=r"^https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?\Z")]
_KEYS = msgspec.Meta(min_length=1, max_length=8)
_REGISTRARS = msgspec.Meta(max_length=1000)  # some 39 KB of a document's 128
RESERVED = frozenset({"operator"})  # proposes orders; no person
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class _Struct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    pass


class _Key(_Struct, frozen=True, omit_defaults=True):
    kind: KeyKind
    public: _Short
    credential: Annotated[str, msgspec.Meta(max_length=1400)] = ""


class _Member(_Struct, frozen=True):
    person: _Handle
    roles: tuple[StaffRole, ...]
    keys: Annotated[tuple[_Key, ...], _KEYS]


class _Holder(_Struct, frozen=True):
    person: _Handle
    keys: Annotated[tuple[_Key, ...], _KEYS]


class _Recovery(_Struct, frozen=True):
    approvals: _Small
    holders: Annotated[tuple[_Holder, ...], msgspec.Meta(max_length=16)]


class _Rule(_Struct, frozen=True):
    kind: OrderKind
    approvals: _Small
    voters: tuple[StaffRole, ...]
    each: Annotated[tuple[StaffRole, ...], msgspec.Meta(max_length=8)]
    fields: Annotated[tuple[_Field, ...], msgspec.Meta(max_length=64)]


class _RelyingParty(_Struct, frozen=True):
    # Shown on terminals of those who sign: host names and addresses, nothing that could hide.
    id: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9.-]{1,253}\Z")]
    origins: Annotated[tuple[_Origin, ...], msgspec.Meta(min_length=1, max_length=4)]


class AgentFacts(_Struct, frozen=True):
    """An escrow agent as documents hold it."""

    id: _Handle
    openpgp: Annotated[str, msgspec.Meta(pattern=r"^([0-9A-F]{40}|[0-9A-F]{64})\Z")]
    host: _Short
    port: Annotated[int, msgspec.Meta(ge=1, le=65535)]
    host_key: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9@.-]{1,64} [A-Za-z0-9+/=]{16,2048}\Z")]
    deposits_per_day: Annotated[int, msgspec.Meta(ge=1, le=96)]
    registrars: Annotated[tuple[UUID, ...], _REGISTRARS] = ()


class _Document(_Struct, frozen=True):
    type: Literal["privacyproxy roster"]
    v: Literal[1]
    deployment: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{32}\Z")]
    version: Annotated[int, msgspec.Meta(ge=1, le=2**31)]
    previous: _Hex
    made_at: str
    demo: bool
    delay_s: _Seconds
    approvals: _Small
    recovery: _Recovery
    recovery_delay_s: _Seconds
    members: Annotated[tuple[_Member, ...], msgspec.Meta(max_length=64)]
    rules: tuple[_Rule, ...]
    relying_party: Annotated[tuple[_RelyingParty, ...], msgspec.Meta(max_length=1)]
    agents: Annotated[tuple[AgentFacts, ...], msgspec.Meta(max_length=32)]
    order: _Hex


def parse(document: str) -> Roster:
    """The roster; InvalidInput `document_malformed`, `document_not_canonical`, `key_malformed`."""
    found = documents.parse(document, _Document)
    roster = Roster(
        deployment=DeploymentId(found.deployment),
        version=found.version,
        previous=found.previous,
        made_at=documents.moment(found.made_at),
        is_demo=found.demo,
        delay_s=found.delay_s,
        recovery_delay_s=found.recovery_delay_s,
        approvals=found.approvals,
        members=tuple(
            Member(person=Person(one.person), roles=frozenset(one.roles), keys=_keys(one.keys))
            for one in found.members
        ),
        holders=tuple(
            Holder(person=Person(one.person), keys=_keys(one.keys))
            for one in found.recovery.holders
        ),
        recovery_approvals=found.recovery.approvals,
        rules=tuple(
            Rule(
                kind=one.kind,
                approvals=one.approvals,
                voters=frozenset(one.voters),
                each=one.each,
                fields=frozenset(one.fields),
            )
            for one in found.rules
        ),
        relying_party=next(
            (RelyingParty(id=one.id, origins=one.origins) for one in found.relying_party), None
        ),
        agents=tuple(agent(one) for one in found.agents),
        order=found.order,
    )
    # Lists out of order, or with something twice, are another text for the same roster.
    if render(roster) != document or RESERVED & _people(roster):
        raise InvalidInput("document_malformed", "The roster's lists are not in their order.")
    return roster


def render(roster: Roster) -> str:
    """The roster's document: lists sorted, each member once."""
    party = roster.relying_party
    return documents.render(
        {
            "type": "privacyproxy roster",
            "v": 1,
            "deployment": roster.deployment,
            "version": roster.version,
            "previous": roster.previous,
            "made_at": documents.moment_text(roster.made_at),
            "demo": roster.is_demo,
            "delay_s": roster.delay_s,
            "approvals": roster.approvals,
            "recovery": {
                "approvals": roster.recovery_approvals,
                "holders": [
                    {"person": one.person, "keys": _key_facts(one.keys)}
                    for one in sorted(roster.holders, key=lambda one: one.person)
                ],
            },
            "recovery_delay_s": roster.recovery_delay_s,
            "members": [
                {
                    "person": one.person,
                    "roles": sorted(one.roles),
                    "keys": _key_facts(one.keys),
                }
                for one in sorted(roster.members, key=lambda one: one.person)
            ],
            "rules": [
                {
                    "kind": one.kind,
                    "approvals": one.approvals,
                    "voters": sorted(one.voters),
                    "each": sorted(set(one.each)),
                    "fields": sorted(one.fields),
                }
                for one in sorted({one.kind: one for one in roster.rules}.values(), key=_kind)
            ],
            "relying_party": []
            if party is None
            else [{"id": party.id, "origins": sorted(set(party.origins))}],
            "agents": [
                agent_facts(one)
                for one in sorted({one.id: one for one in roster.agents}.values(), key=_agent_id)
            ],
            "order": roster.order,
        }
    )


def agent(facts: AgentFacts) -> Agent:
    """An escrow agent; InvalidInput `agent_malformed` when its host is no name or address."""
    if _HOST.fullmatch(facts.host) is None and re.fullmatch(r"[0-9a-f:.]+", facts.host) is None:
        raise InvalidInput("agent_malformed", "The agent's host is no host name or address.")
    return Agent(
        id=AgentId(facts.id),
        openpgp=facts.openpgp,
        host=facts.host,
        port=facts.port,
        host_key=facts.host_key,
        deposits_per_day=facts.deposits_per_day,
        registrars=frozenset(TenantId(one) for one in facts.registrars),
    )


def agent_facts(one: Agent) -> dict[str, str | int | list[str]]:
    """The members of an agent in a document; `registrars` only where it names any.

    So an agent of every registrar is the same text, and digest, as before there was that member.
    """
    facts: dict[str, str | int | list[str]] = {
        "id": one.id,
        "openpgp": one.openpgp,
        "host": one.host,
        "port": one.port,
        "host_key": one.host_key,
        "deposits_per_day": one.deposits_per_day,
    }
    if one.registrars:
        facts["registrars"] = sorted(str(each) for each in one.registrars)
    return facts


def agent_digest(one: Agent | None) -> str:
    """The SHA-256 of an agent's members, "" for none: what an order says it replaces."""
    return "" if one is None else documents.digest(documents.render(agent_facts(one)))


def _keys(found: Iterable[_Key]) -> tuple[ApprovalKey, ...]:
    return tuple(
        approval_key.parse_passkey(one.public, one.credential)
        if one.kind is KeyKind.PASSKEY
        else ApprovalKey(kind=one.kind, public=one.public, credential=one.credential)
        for one in found
    )


def _key_facts(keys: Iterable[ApprovalKey]) -> list[dict[str, str]]:
    ordered = sorted({one.id: one for one in keys}.values(), key=lambda one: one.id)
    return [
        {
            "kind": one.kind,
            "public": one.public,
            **({"credential": one.credential} if one.credential else {}),
        }
        for one in ordered
    ]


def _people(roster: Roster) -> frozenset[str]:
    return frozenset(one.person for one in roster.people)


def _kind(one: Rule) -> str:
    return one.kind


def _agent_id(one: Agent) -> str:
    return one.id
