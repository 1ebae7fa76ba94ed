"""One running service for all tests that only ask: the samples imported, nothing changed after.

Tests that change something start a service of their own (tests/support/running.py).
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

import proxy
from proxy.client import uploading
from tests.support import running

if TYPE_CHECKING:
    import pytest

SAMPLES: Final = Path(proxy.__path__[0]) / "demo" / "registrations.ndjson"
ROLES: Final = ("registrant", "admin", "tech", "billing")
PROFILE: Final[dict[str, Any]] = {
    "id": "quiet-harbour",
    "trust": "verified",
    "tld_tables": {
        "default": {"layout": "gtld", "proxy": "allowed", "contacts": "thick"},
        "in": {"layout": "plain", "proxy": "allowed", "contacts": "thick"},
    },
    "affiliated": True,
    "public_contact": {
        "name": "Privacy Customer {reference}",
        "organization": "Quiet Harbour Privacy AS",
        "street": ["PO Box 12", "Harbour House"],
        "city": "Moss",
        "state": "Viken",
        "postal_code": "1501",
        "country": "NO",
        "phone": "+47.5555550100",
        "phone_ext": None,
        "fax": None,
    },
    "published_roles": list(ROLES),
    "relay_domain": "mask.example.net",
    "whois": {"host": "whois.registrar.example", "notice": ["Access is rate limited."]},
    "rdap": {
        "base_url": "https://rdap.registrar.example/",
        "terms_url": "https://registrar.example/terms",
        "host_names": ["rdap.registrar.example"],
    },
    "abuse": {"email": "abuse@registrar.example", "phone": "+1.5555550100"},
}
REDACTED_EVERY: Final = 20  # of the samples, one in so many is imported a second time as redacted


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """The service, its one tenant's key, and what was imported."""

    service: running.Running
    key: str
    samples: tuple[dict[str, Any], ...]

    def of_mode(self, mode: str) -> dict[str, Any]:
        """The first sample of a mode."""
        return next(row for row in self.samples if row["mode"] == mode)


def sample_rows() -> tuple[dict[str, Any], ...]:
    """The thousand samples, and some of them once more in redacted mode under other names."""
    rows = [json.loads(line) for line in SAMPLES.read_text().splitlines()]
    redacted = [
        {
            **row,
            "mode": "redacted",
            "domain": f"redacted-{number}.example",
            "registry_domain_id": f"D{number}-REDACTED",
        }
        for number, row in enumerate(rows[::REDACTED_EVERY])
    ]
    known = [
        {**rows[0], "mode": mode, "domain": peer_name(mode), "registry_domain_id": f"D-{mode}"}
        for mode in ("proxy", "privacy", "redacted")
    ]
    return (*rows, *redacted, *known)


def peer_name(mode: str) -> str:
    """A name of that mode under a top-level domain that peers know; asked of our port alone."""
    return f"{mode}-sample-7f3k9qx2mt4v.com"


def _start(directory: Path) -> Served:
    service = running.start(directory / "data")
    try:
        profile = directory / "profile.json"
        profile.write_text(json.dumps(PROFILE))
        _, key = service.add_registrar("Quiet Harbour Registrar", profile)
        rows = sample_rows()
        file = directory / "registrations.ndjson"
        file.write_text(
            "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8"
        )
        one = uploading.Upload(
            api_url=service.addresses["api"],
            api_key=key,
            file=file,
            operation_id=uuid4(),
            progress=lambda _: None,
        )
        known = asyncio.run(uploading.upload(one))
        assert (known.state, known.done, known.failed) == ("succeeded", len(rows), 0), known
        service.wait_published(rows[-1]["domain"])
    except BaseException:
        service.stop()
        raise
    return Served(service=service, key=key, samples=rows)


_served: list[Served] = []


def ask_only(request: pytest.FixtureRequest, factory: pytest.TempPathFactory) -> Served:
    """The one service of this test process, started when first asked for."""
    if not _served:
        _served.append(_start(factory.mktemp("served")))
        request.config.add_cleanup(lambda: _stop(_served.pop()))
    return _served[0]


def _stop(served: Served) -> None:
    served.service.stop()
