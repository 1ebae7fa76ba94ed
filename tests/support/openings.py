"""The openings of a vault for other processes, asked as they ask; and what must hold nothing."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

from proxy.errors import ProxyError, Refused
from proxy.model.identifiers import RecordClass, TenantId
from proxy.model.roster import Agent, AgentId, DeploymentId, Person, StaffRole
from proxy.model.sealed import RecordName
from proxy.run.vault_openings import Openings
from proxy.store import sealed
from proxy.vault import casebook
from proxy.vault import state as states
from proxy.vault.grants import Caller
from proxy.wire import frames
from proxy.wire.search_document import Search
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.letter import LetterKind
    from proxy.model.sealed import SealedRecord, ToSeal
    from proxy.run.vault_letters import Kind
    from tests.support.vault import Service

DEPLOYMENT = DeploymentId("5a" * 16)
OTHER_TENANT = TenantId(UUID("01890000-0000-7000-8000-000000000002"))
AGENT = Agent(
    id=AgentId("agent-one"),
    openpgp="AB" * 20,
    host="sftp.agent.example",
    port=22,
    host_key="ssh-ed25519 AAAA",
    deposits_per_day=3,
)
_CALLERS: dict[type, Caller] = {
    frames.Relay: Caller.RELAY,
    frames.Notice: Caller.RELAY,
    frames.Letter: Caller.RELAY,
    frames.Search: Caller.WEB,
    frames.ReadBack: Caller.API,
    frames.Find: Caller.API,
    frames.Instruct: Caller.API,
    frames.EndPublication: Caller.API,
    frames.Publish: Caller.WORKER,
    frames.ShowPublication: Caller.WORKER,
    frames.ShowObjections: Caller.WORKER,
    frames.Match: Caller.WEB,
    frames.UseToken: Caller.WEB,
    frames.ShowSession: Caller.WEB,
    frames.ShowOwn: Caller.WEB,
}


@dataclass(slots=True)
class Desk:
    """What the roster would say: who signs how, and which agents there are."""

    agents: dict[str, Agent] = field(default_factory=lambda: {AGENT.id: AGENT})
    asked: list[tuple[bytes, frozenset[StaffRole]]] = field(default_factory=list)

    async def authenticate(
        self, signature: frames.Signature, message: bytes, roles: frozenset[StaffRole]
    ) -> Person:
        """The person, if the signature is the message in hex."""
        self.asked.append((message, roles))
        if signature.signature != message.hex():
            raise Refused("signature")
        return Person(signature.person)

    def deployment(self) -> str:
        """The installation's id."""
        return DEPLOYMENT

    async def agent(self, agent_id: str) -> Agent | None:
        """The agent of that id."""
        return self.agents.get(agent_id)


def openings(
    service: Service,
    desk: Desk | None = None,
    *,
    letters: Mapping[LetterKind, Kind] | None = None,
) -> Openings:
    """The openings of a vault as it stands."""
    one = desk or Desk()
    return Openings(
        service.rooms,
        authenticate=one.authenticate,
        deployment=one.deployment,
        agent=one.agent,
        book=casebook.CaseBook,
        letters=letters,
    )


async def ask(
    room: Openings, request: frames.Request, *, caller: Caller | None = None
) -> dict[str, Any]:
    """The answer to one request; raises what the vault refuses with."""
    caller = caller or _CALLERS.get(type(request), Caller.ESCROW)
    _, handle = room.commands()[type(request)]
    answers = [one async for one in handle(caller, request)]
    assert len(answers) == 1
    assert answers[0]["done"] is True
    return dict(answers[0])


async def refusal(room: Openings, request: frames.Request) -> ProxyError:
    """What the vault refuses a request with."""
    try:
        answer = await ask(room, request)
    except ProxyError as fault:
        return fault
    raise AssertionError(answer)


async def code(room: Openings, request: frames.Request) -> str:
    """The code of a refusal."""
    return (await refusal(room, request)).code


async def add_tenant(service: Service, tenant_id: TenantId = OTHER_TENANT) -> TenantId:
    """Another registrar."""
    await service.administrate(
        "INSERT INTO tenant (id, name, created_at) VALUES ($1, 'Other', $2)",
        tenant_id,
        vaults.START,
    )
    return tenant_id


async def enrol(service: Service, *items: ToSeal) -> None:
    """Adopted registrations; the rows of one tenant at a time."""
    for tenant_id in dict.fromkeys(one.tenant_id for one in items):
        await service.enrol(*(one for one in items if one.tenant_id == tenant_id))
    await service.rounds.adopt()


async def rows(service: Service, record_class: RecordClass) -> list[SealedRecord]:
    """The adopted rows of a class, in key order."""
    async with service.pool.acquire() as connection:
        found = await sealed.page(connection, None, 1000)
    return sorted(
        (one for one in found if one.name.record_class is record_class),
        key=lambda one: states.record_key(one.name),
    )


def named(item: ToSeal, of: RecordClass, version: int | None = None) -> RecordName:
    """A record's name."""
    return RecordName(
        tenant_id=item.tenant_id,
        registration_id=item.registration_id,
        record_class=of,
        version=item.version if version is None else version,
    )


def search(**changes: Any) -> Search:
    """A search for the e-mail address of `contacts("marlene")`."""
    whole = Search(
        deployment=DEPLOYMENT,
        id=uuid4(),
        tenant_id=vaults.TENANT,
        field="email",
        value="marlene@registrant.example",
        reason="Complaint 17 names a second registration.",
        at=vaults.START,
    )
    return replace(whole, **changes)


def entries(service: Service) -> list[dict[str, Any]]:
    """The ledger entries that wait in the state, oldest first."""
    return [json.loads(content) for _, content in service.vault.state.entries(1000)]


def alarms(service: Service) -> float:
    """How many alarms there were."""
    return service.rooms.metrics.counter("vault_alarms_total").value


def holds(service: Service, *marks: str) -> list[str]:
    """Which of the marks stand anywhere in the files of the vault's state."""
    octets = b"".join(
        path.read_bytes() for path in (service.vault.key_dir / "vault" / states.DIRECTORY).iterdir()
    )
    return [one for one in marks if one.encode() in octets or one.encode().hex().encode() in octets]
