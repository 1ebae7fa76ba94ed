"""A registrar with a key in force, and the API before a real vault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proxy.run.vault_answers import Answers
from proxy.vault.grants import Caller
from tests.support import openings as support
from tests.support import registrar_keys
from tests.support.decisions import Office
from tests.support.registrar_keys import Registrar

if TYPE_CHECKING:
    from proxy.wire.frames import Answer, Request
    from tests.support.api import Api


async def opened(api: Api) -> tuple[Registrar, list[str]]:
    """The API's registrar with its key, and every frame that the API process sees of the vault."""
    office = Office(api.service)
    registrar = Registrar(tenant_id=api.tenant)
    roster = await office.found(rules=registrar_keys.RULES)
    await registrar_keys.enrol(office, roster, registrar)
    carried: list[str] = []

    async def ask(request: Request) -> Answer:
        answers = Answers(support.openings(api.service).commands())
        found = [one async for one in answers.answer(Caller.API, request)]
        carried.append(str(found))
        return found[-1]

    api.door.ask = ask
    return registrar, carried
