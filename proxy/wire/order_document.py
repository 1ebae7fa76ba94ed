"""Orders as documents and back. Pure; what an order needs and does is said elsewhere.

Every kind of order has the members of `Common` and those of its own; those of cases are in
wire.case_order_document. Source: vault.md, Order; FORMAT.md, Rosters and orders.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated
from uuid import UUID  # noqa: TC003 - msgspec reads it

import msgspec

from proxy.errors import InvalidInput
from proxy.model.identifiers import TenantId
from proxy.model.order import (
    ChangeAgent,
    ChangeRegistrarKey,
    Order,
    OrderId,
    OrderKind,
    RegistrarKey,
)
from proxy.model.roster import AgentId, DeploymentId, Person
from proxy.wire import case_order_document, documents, roster_document
from proxy.wire.case_order_document import (
    CaseOrder,
    Common,
    Deactivate,
    Disclose,
    DiscloseUrgently,
    Gag,
    LiftGag,
    LiftHold,
    Publish,
    ReleasePrivacy,
)
from proxy.wire.roster_document import AgentFacts  # noqa: TC001 - msgspec reads it

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.order import CaseSubject

REASON_LIMIT = case_order_document.REASON_LIMIT


class _ChangeAgent(Common, frozen=True, kw_only=True, tag=OrderKind.CHANGE_AGENT.value):
    agent_id: Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]{0,31}\Z")]
    agent: Annotated[tuple[AgentFacts, ...], msgspec.Meta(max_length=1)]
    replaces: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]


class _Key(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    signing: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]
    sealing: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _RegistrarKey(Common, frozen=True, kw_only=True, tag=OrderKind.REGISTRAR_KEY.value):
    tenant: UUID
    key: Annotated[tuple[_Key, ...], msgspec.Meta(max_length=1)]
    replaces: Annotated[str, msgspec.Meta(pattern=r"^([0-9a-f]{64})?\Z")]


_Any = (
    _ChangeAgent | _RegistrarKey | Disclose | DiscloseUrgently | Publish | Deactivate
    | ReleasePrivacy | LiftHold | Gag | LiftGag
)  # fmt: skip


def parse(document: str) -> Order:
    """The order; InvalidInput `document_malformed`, `document_not_canonical`, `agent_malformed`."""
    found: CaseOrder | _ChangeAgent | _RegistrarKey = documents.parse(document, _Any)  # type: ignore[arg-type] # a union is no type to mypy
    if not documents.is_line(found.reason):
        # An approver reads it on a terminal: nothing in it may move the cursor, hide text, or
        # push some to the next line.
        raise InvalidInput("document_malformed", "The reason holds characters that do not print.")
    order = Order(
        deployment=DeploymentId(found.deployment),
        id=OrderId(found.id),
        kind=OrderKind(str(found.__struct_config__.tag)),
        roster_version=found.roster_version,
        roster=found.roster,
        proposer=Person(found.proposer),
        handler=Person(found.handler),
        releaser=Person(found.releaser),
        reason=found.reason,
        not_before=documents.moment(found.not_before),
        expires_at=documents.moment(found.expires_at),
        subject=_subject(found),
    )
    if render(order) != document:  # an id with capitals, a list out of order, for one
        raise InvalidInput("document_malformed", "The order is written in another way than it is.")
    return order


def render(order: Order) -> str:
    """The order's document."""
    return documents.render({**_common(order), **_own_facts(order)})


def registrar_key_digest(key: RegistrarKey | None) -> str:
    """The SHA-256 of a registrar's key, "" for none: what an order says it replaces."""
    return "" if key is None else documents.digest(documents.render(_key_facts(key)))


def _subject(
    found: CaseOrder | _ChangeAgent | _RegistrarKey,
) -> ChangeAgent | ChangeRegistrarKey | CaseSubject:
    match found:
        case _ChangeAgent():
            return _agent_subject(found)
        case _RegistrarKey():
            return ChangeRegistrarKey(
                tenant_id=TenantId(found.tenant),
                key=next(
                    (RegistrarKey(signing=one.signing, sealing=one.sealing) for one in found.key),
                    None,
                ),
                replaces=found.replaces,
            )
        case _:
            return case_order_document.subject(found)


def _own_facts(order: Order) -> Mapping[str, object]:
    subject = order.subject
    match subject:
        case ChangeAgent():
            return _agent_facts(subject)
        case ChangeRegistrarKey():
            return {
                "tenant": str(subject.tenant_id),
                "key": [] if subject.key is None else [_key_facts(subject.key)],
                "replaces": subject.replaces,
            }
        case _:
            return case_order_document.facts(subject)


def _key_facts(key: RegistrarKey) -> Mapping[str, object]:
    return {"signing": key.signing, "sealing": key.sealing}


def _agent_subject(found: _ChangeAgent) -> ChangeAgent:
    agent = next((roster_document.agent(one) for one in found.agent), None)
    if agent is not None and agent.id != found.agent_id:
        raise InvalidInput("document_malformed", "The order names two agents.")
    return ChangeAgent(agent_id=AgentId(found.agent_id), agent=agent, replaces=found.replaces)


def _common(order: Order) -> Mapping[str, object]:
    return {
        "type": "privacyproxy order",
        "v": 1,
        "kind": order.kind,
        "deployment": order.deployment,
        "id": order.id,
        "roster_version": order.roster_version,
        "roster": order.roster,
        "proposer": order.proposer,
        "handler": order.handler,
        "releaser": order.releaser,
        "reason": order.reason,
        "not_before": documents.moment_text(order.not_before),
        "expires_at": documents.moment_text(order.expires_at),
    }


def _agent_facts(subject: ChangeAgent) -> Mapping[str, object]:
    agent = subject.agent
    return {
        "agent_id": subject.agent_id,
        "agent": [] if agent is None else [roster_document.agent_facts(agent)],
        "replaces": subject.replaces,
    }
