"""The web role's part in cases, composed: staff, parties, links, packages; and its heartbeat."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final
from uuid import UUID

import structlog

from proxy.apps import case_orders, case_reading, cases, links, packages, parties
from proxy.apps.case_orders import OrderDesk
from proxy.apps.case_reading import ReadingDesk
from proxy.apps.cases import CaseDesk
from proxy.apps.parties import PartyDesk
from proxy.apps.uploads import Gate
from proxy.errors import ProxyError
from proxy.model.case import CaseId, NoticeId
from proxy.model.identifiers import RegistrationId, TenantId
from proxy.run import case_office
from proxy.run import notices as notice_texts
from proxy.run.case_papers import VaultOfCases
from proxy.run.package_counter import PackageCounter
from proxy.services.keep_evidence import Desk
from proxy.services.publish import pause
from proxy.store import notices, outages
from proxy.store import pool as pools
from proxy.vault import seal_evidence, submissions

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable

    from aiohttp.web_routedef import AbstractRouteDef

    from proxy.apps.staff_access import Reception
    from proxy.hosting.process import Process
    from proxy.hosting.vault_calls import VaultCaller
    from proxy.run.intake import Intake
    from proxy.store.pool import Pool

BEAT_S: Final = 30.0  # below rules.downtime.LONGEST_SILENCE

_log = structlog.get_logger()


def rooms(
    process: Process,
    pool: Pool,
    intake: Intake,
    reception: Reception,
    caller: VaultCaller,
) -> tuple[Iterable[AbstractRouteDef], ...]:
    """The routes; Unavailable when the role's keys are missing."""
    admit, ask = reception.admit, caller.ask
    vault = VaultOfCases(ask)
    office = case_office.office(process.settings, vault)
    files = Desk(
        sealer=_sealer(process, intake),
        random=secrets.token_bytes,
        limit_octets=process.settings.evidence_limit_octets,
    )
    gate, texts = Gate(), notice_texts.load(process.settings)
    is_secure = process.settings.web_base_url.startswith("https://")

    async def arrived(case: str, notice: str) -> None:
        async with pool.acquire() as connection:
            await notices.acknowledge(
                connection, NoticeId(UUID(notice)), CaseId(UUID(case)), now=process.clock.now()
            )

    async def did(tenant: str, registration: str, notice: str) -> None:
        async with pool.acquire() as connection:
            await notices.acknowledge_letter(
                connection,
                NoticeId(UUID(notice)),
                TenantId(UUID(tenant)),
                RegistrationId(UUID(registration)),
                now=process.clock.now(),
            )

    return (
        cases.routes(
            CaseDesk(
                pool=pool,
                office=office,
                files=files,
                gate=gate,
                texts=texts,
                clock=process.clock,
                authenticate=reception.authenticate,
                admit=admit,
            )
        ),
        case_orders.routes(
            OrderDesk(
                pool=pool,
                office=office,
                clock=process.clock,
                papers=vault,
                ask=ask,
                authenticate=reception.authenticate,
                admit=admit,
            )
        ),
        case_reading.routes(
            ReadingDesk(
                ask=ask,
                answers=caller.answers,
                authenticate=reception.authenticate,
                admit=admit,
            )
        ),
        parties.routes(
            PartyDesk(
                pool=pool,
                office=office,
                files=files,
                gate=gate,
                texts=texts,
                clock=process.clock,
                ask=ask,
                admit=admit,
                is_secure=is_secure,
            )
        ),
        links.routes(ask, admit, arrived, did, is_secure=is_secure),
        packages.routes(
            ask, admit, PackageCounter(pool, process.clock, office, files),
            is_secure=is_secure,
        ),
    )  # fmt: skip


async def beat(process: Process, pool: Pool, stopping: asyncio.Event) -> None:
    """Note that the pages of parties answer, until told to stop: a gap lengthens their windows."""
    while not stopping.is_set():
        try:
            with pools.translated():
                async with pool.acquire() as connection:
                    await outages.beat(connection, "web", process.clock.now())
        except ProxyError as away:
            _log.warning("web_beat_missed", reason=away.code)
        await pause(stopping, BEAT_S)


def _sealer(process: Process, intake: Intake) -> seal_evidence.EvidenceSealer:
    return seal_evidence.EvidenceSealer(
        keys=seal_evidence.load_keys(process.paths.key_dir / "web" / "web.json"),
        pin=submissions.load_pin(process.paths.data_dir / "vault.pub"),
        current=intake.current,
        clock=process.clock,
        random=secrets.token_bytes,
    )
