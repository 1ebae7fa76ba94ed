"""Invented registrations, taken in through the service's own API, and what to try with them.

`load` returns once a stranger could see the last of them: imported, stamped and at the edge.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

import aiohttp

from proxy.client import uploading
from proxy.errors import Unavailable
from proxy.hosting import directory
from proxy.hosting.process import SystemClock
from proxy.model import identifiers, names
from proxy.run import enrolling

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.settings import Settings

REGISTRAR: Final = "Quiet Harbour Registrar (demo)"
IANA_ID: Final = 9999  # reserved by IANA for tests
VISIBLE_WITHIN_S: Final = 30.0
_POLL_S: Final = 0.2  # each look counts against the rate limit of this machine


async def load(
    settings: Settings, *, api_url: str, known: Mapping[str, object]
) -> dict[str, object]:
    """The facts of the demo: registrar, API key, names to try. Loads once; later starts reuse it.

    A load that was cut off is taken up under the same registrar: another one would only claim
    the names of the first.
    """
    file = Path(str(resources.files("proxy") / "demo" / "registrations.ndjson"))
    facts = dict(known)
    if "api_key" not in facts:
        profile = file.with_name("profile.json").read_bytes()
        now = SystemClock().now()
        added = await enrolling.add_registrar(settings, REGISTRAR, IANA_ID, profile, now)
        facts = {"registrar": str(added.id), "api_key": added.api_key, **_examples(file)}
        directory.mark_demo(settings.data_dir, facts)
    if not facts.get("loaded"):
        await _import(file, api_url, str(facts["api_key"]))
        facts["loaded"] = True
    rdap_url = directory.running(settings.data_dir).get("rdap")
    if isinstance(rdap_url, str):
        await _wait_visible(rdap_url, str(facts["last"]))
    return facts


def hints(facts: Mapping[str, object], addresses: Mapping[str, str]) -> tuple[str, ...]:
    """Commands to try, one a line."""
    host, _, port = addresses.get("whois", "127.0.0.1:4343").rpartition(":")
    rdap, api = addresses.get("rdap", ""), addresses.get("api", "")
    return (
        "1,000 invented registrations are enrolled. Try:",
        f"  whois -h {host} -p {port} {facts['first']}",
        f"  whois -h {host} -p {port} {facts['idn']}",
        f"  curl -s {rdap}/domain/{facts['first']}",
        f"  curl -s -H 'Authorization: Bearer {facts['api_key']}' '{api}/v1/registrations?limit=1'",
    )


async def _import(file: Path, api_url: str, api_key: str) -> None:
    operation = await uploading.upload(
        uploading.Upload(
            api_url=api_url,
            api_key=api_key,
            file=file,
            operation_id=identifiers.uuid7(SystemClock().now(), secrets.token_bytes(10)),
            progress=lambda _: None,
        )
    )
    if operation.state != "succeeded" or operation.failed:
        raise Unavailable("demo", f"The demo's data was not taken: {operation.reason}.")


def _examples(file: Path) -> dict[str, object]:
    lines = file.read_text("utf-8").splitlines()
    found = [str(json.loads(line)["domain"]) for line in lines]
    return {
        "first": next(name for name in found if name.isascii()),
        "idn": next(name for name in found if not name.isascii()),
        "last": names.parse_domain_name(found[-1]),
    }


async def _wait_visible(rdap_url: str, name: str) -> None:
    timeout = aiohttp.ClientTimeout(total=5)
    async with aiohttp.ClientSession(timeout=timeout, trust_env=False) as session:
        for _ in range(int(VISIBLE_WITHIN_S / _POLL_S)):
            try:
                async with session.head(f"{rdap_url}/domain/{name}") as answer:
                    if answer.ok:
                        return
            except (aiohttp.ClientError, OSError):
                pass
            await asyncio.sleep(_POLL_S)
    raise Unavailable("demo", "The demo's data did not reach the edge in time.")
