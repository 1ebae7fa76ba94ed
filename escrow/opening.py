"""Opening sealed records under one deposit run of the vault: names in, plaintext out.

The vault hands over a data key for each record that was announced, batch by batch, and the records
are opened here, in the escrow process; it never holds a key that opens anything else. Plaintext
leaves by return value alone. Source: vault.md, Grants (deposit); vault/FORMAT.md, Deposit.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from proxy.errors import Refused, Unavailable
from proxy.model.identifiers import RecordClass
from proxy.model.sealed import RecordName
from proxy.wire import frames

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from uuid import UUID

    from proxy.model.deposit import Depositable
    from proxy.model.identifiers import RegistrationId, SubmissionId, TenantId
    from proxy.model.sealed import SealedRecord, Submission

    Ask = Callable[[frames.Request], Awaitable[frames.Answer]]
    Unseal = Callable[[bytes, RecordName, bytes], bytes]  # (key, asked, record) -> plaintext

_Cipher = TypeVar("_Cipher")

ERASED: Final = "record_erased"
"""The registration ended and was shredded since the snapshot: the vault's own word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsealing(Generic[_Cipher]):
    """The functions of proxy.vault.unseal by the same names: `escrow.__main__` alone imports it.

    `decapsulate` takes whatever has `signers` and `intake_private`, though it says Keyring.
    """

    decapsulate: Callable[[Any, Submission], _Cipher]
    unwrap_intake: Callable[[_Cipher, SubmissionId, RecordName, SealedRecord], bytes]
    open_record: Callable[[bytes, RecordName, bytes], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A batch of rows with their plaintexts, those that did not open apart, by registration id."""

    rows: tuple[Depositable, ...]
    plaintexts: tuple[bytes, ...] = field(repr=False)
    refused: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An escrow agent as the roster in force has it, by the vault's own word."""

    id: str
    openpgp: str
    host: str
    port: int
    host_key: str


class DepositRun:
    """One run: begin, open batch by batch, end."""

    def __init__(self, ask: Ask, unseal: Unseal, *, run: UUID, tenant_id: TenantId) -> None:
        self._ask = ask
        self._unseal = unseal
        self._run = str(run)
        self._tenant_id = tenant_id

    async def begin(self, agent: Agent, *, records: int, root: bytes) -> None:
        """Announce what will be opened; raises what the vault refuses with."""
        await self._ask(
            frames.BeginDeposit(
                run=self._run,
                tenant=str(self._tenant_id),
                agent=agent.id,
                fingerprint=agent.openpgp,
                records=records,
                root=root.hex(),
            )
        )

    async def opened(
        self, batches: AsyncIterator[tuple[Depositable, ...]]
    ) -> AsyncIterator[Opened]:
        """Every batch opened, in order; the next one is opened while this one is worked on."""
        source = aiter(batches)
        coming = asyncio.create_task(self._next(source))
        try:
            while (current := await coming) is not None:
                coming = asyncio.create_task(self._next(source))
                yield current
        finally:
            coming.cancel()

    async def end(self) -> None:
        """Have the vault confirm that exactly what was announced was asked for."""
        await self._ask(frames.EndDeposit(run=self._run))

    async def _next(self, source: AsyncIterator[tuple[Depositable, ...]]) -> Opened | None:
        rows = await anext(source, None)
        if rows is None:
            return None
        names = await asyncio.to_thread(self._names, rows)
        answer = await self._ask(frames.DepositKeys(run=self._run, names=names))
        return await asyncio.to_thread(self._open, rows, answer["keys"])

    def _names(self, rows: Sequence[Depositable]) -> tuple[str, ...]:
        tenant = str(self._tenant_id)
        return tuple(
            f"{tenant}/{row.registration.id}/{RecordClass.IDENTITY}/{row.record_version}"
            f"/{hashlib.sha256(row.record).hexdigest()}"
            for row in rows
        )

    def _open(self, rows: Sequence[Depositable], keys: frames.Value) -> Opened:
        if not isinstance(keys, Sequence) or len(keys) != len(rows):
            raise Unavailable("vault", "The vault's answer is not one key a record.")
        good: list[Depositable] = []
        plaintexts: list[bytes] = []
        refused: dict[str, str] = {}
        for row, answer in zip(rows, keys, strict=True):
            if not isinstance(answer, Mapping) or "key" not in answer:
                code = answer.get("refused") if isinstance(answer, Mapping) else None
                refused[str(row.registration.id)] = str(code or "vault")
                continue
            try:
                plaintext = self._unseal(
                    base64.b64decode(str(answer["key"])), self._asked(row), row.record
                )
            except Refused as fault:
                refused[str(row.registration.id)] = fault.code
                continue
            good.append(row)
            plaintexts.append(plaintext)
        return Opened(rows=tuple(good), plaintexts=tuple(plaintexts), refused=refused)

    def _asked(self, row: Depositable) -> RecordName:
        return RecordName(
            tenant_id=self._tenant_id,
            registration_id=row.registration.id,
            record_class=RecordClass.IDENTITY,
            version=row.record_version,
        )


async def find_agent(ask: Ask, agent_id: str) -> Agent:
    """The agent of the roster in force; Refused `deposit_agent` when there is none."""
    answer = await ask(frames.ShowAgent(agent=agent_id))
    return Agent(
        id=agent_id,
        openpgp=str(answer["openpgp"]),
        host=str(answer["host"]),
        port=int(str(answer["port"])),
        host_key=str(answer["host_key"]),
    )


async def count_people(ask: Ask, tenant_id: TenantId) -> int:
    """How many people of the registrar the vault knows by its own state."""
    answer = await ask(frames.CountPeople(tenant=str(tenant_id)))
    return int(str(answer["people"]))


async def are_erased(
    ask: Ask, tenant_id: TenantId, registrations: Sequence[RegistrationId]
) -> tuple[bool, ...]:
    """Of each registration, up to 1,000, whether the vault erased its person, by its own word."""
    asked = tuple(str(one) for one in registrations)
    answer = (await ask(frames.AreErased(tenant=str(tenant_id), registrations=asked)))["erased"]
    if not isinstance(answer, Sequence) or len(answer) != len(asked):
        raise Unavailable("vault", "The vault's answer is not one word a registration.")
    return tuple(one is True for one in answer)
