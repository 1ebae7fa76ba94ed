"""Which registrar's system is spoken to for a tenant: an adapter, or people.

No real registrar has an adapter yet: everything is done by hand, by a task of the case. A demo has
the invented registrar of `registrar_adapters`, which knows every name it is asked for and forgets
what was done when the worker stops.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from typing_extensions import override

from proxy.hosting import directory
from registrar_adapters.reference import ReferenceAdapter
from registrar_adapters.reference_registrar import Held, ReferenceRegistrar, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from proxy.model.identifiers import DomainName, TenantId
    from proxy.model.registrar import Observed
    from proxy.ports import Clock, Registrar

_DEMO = "demo"
_YEAR = timedelta(days=365)


def of(data_dir: Path, clock: Clock) -> Callable[[TenantId], Registrar | None]:
    """The registrar of each tenant; None where people act."""
    if not directory.is_demo(data_dir):
        return lambda _tenant: None
    adapter = ReferenceAdapter(_DemoRegistrar(clock, {_DEMO: _DEMO}), _credential)
    return lambda _tenant: adapter


class _DemoRegistrar(ReferenceRegistrar):
    """The invented registrar, which sponsors whatever name it is asked for."""

    @override
    async def info(self, credential: str, domain: DomainName) -> Observed | Result:
        if domain not in self.names:
            held = Held(
                sponsor=_DEMO,
                statuses=frozenset(),
                contacts={},
                expires_at=self._clock.now() + _YEAR,
            )
            self.add(domain, held, {})
        return await super().info(credential, domain)


async def _credential() -> str:
    return _DEMO
