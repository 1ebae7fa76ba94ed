"""What must hold of the whole service whatever a case does: masks, the ledger, no person anywhere.

Everything is asked as a stranger would; only tables and files are looked into.
"""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from proxy.store import embedded
from proxy.store import pool as pools
from proxy.store.logins import LoginRole
from tests.support import canary, surfaces
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.support.case_service import Site

REQUESTER: Final = "counsel@kanzlei.example"
REQUESTER_NAME: Final = "Dr. Ada Mueller"
_MASK: Final = "Privacy Customer "
# What people write in flows, and who asks: sealed, never in tables, logs or public answers.
_WRITTEN: Final = ("ada mueller", "counsel@kanzlei", "reasons of weight", "the mark is not theirs")
# An order that people sign names who gets the package (vault/FORMAT.md): there it is in clear.
_IN_ORDERS: Final = f'"name":"{REQUESTER_NAME}","openpgp"'


def masked(site: Site, domain: str) -> None:
    """WHOIS and RDAP answer with the mask; what they say is kept, to be searched."""
    whois = site.service.whois(domain.encode())
    rdap = site.service.rdap(domain)
    site.heard += [whois, rdap.body]
    assert _MASK.encode() in whois, whois
    assert rdap.status == 200, rdap.body
    assert _MASK in _names(rdap.json), rdap.body


def _names(rdap: Mapping[str, Any]) -> str:
    """What the registrant's card says as name."""
    cards = [one["vcardArray"][1] for one in rdap["entities"] if "registrant" in one["roles"]]
    return " ".join(str(line[3]) for card in cards for line in card if line[0] == "fn")


def leaks(site: Site) -> list[str]:
    """Where something is seen that has no business there: nowhere.

    Registrants' markers: in what staff and parties heard, public answers, metrics, logs, tables,
    letters. The recipient's package is no part of it: it was theirs, and encrypted. Requesters,
    what people wrote, secrets of links, sessions and staff: in logs and tables.
    """
    for path in ("/metrics", "/health/ready"):
        site.heard.append(site.service.http("metrics", "GET", path).body)
    for domain in site.domains:
        masked(site, domain)
    stored = {
        "logs": site.service.stderr.read_bytes(),
        "tables": asyncio.run(surfaces.tables(site.service)),
    }
    found = _of_registrants().scan_all(
        {"answers": b"\n".join(site.heard), **_letters(site), **stored}
    )
    found += canary.Search((), apart=(_IN_ORDERS,), cores=_WRITTEN).scan_all(stored)
    letters = b"\n".join(one.octets for one in site.mailbox.letters)
    secrets = _secrets(site)
    if any(one.to != REQUESTER for one in site.mailbox.letters):
        assert _of_registrants().scan(letters)  # their own address: the search does find
        assert any(one.encode() in letters for one in secrets)
    for where, data in stored.items():
        found += [f"{where}: a secret: {one[:6]}" for one in secrets if one.encode() in data]
    return [*found, *_astray(site)]


def _of_registrants() -> canary.Search:
    return canary.Search(canary.values([canary.contacts("proxy")]))


def _letters(site: Site) -> dict[str, bytes]:
    """Letters as they are read, each without the address that it was sent to."""
    found: dict[str, list[bytes]] = {"letters to requesters": [], "letters to registrants": []}
    for one in site.mailbox.letters:
        whose = "requesters" if one.to == REQUESTER else "registrants"
        said = b"\n".join((one.octets, str(one.message["subject"]).encode(), one.text.encode()))
        found[f"letters to {whose}"].append(said.replace(one.to.encode(), b""))
    return {whose: b"\n".join(said) for whose, said in found.items()}


def _astray(site: Site) -> list[str]:
    """Letters to somebody who is no party."""
    parties = {REQUESTER, canary.contact("proxy", "registrant")["email"]}
    return [f"a letter to {one.to}" for one in site.mailbox.letters if one.to not in parties]


def _secrets(site: Site) -> list[str]:
    """What lets somebody in, in words: links, sessions, pass-words and codes."""
    links = [one.link.removeprefix("/n/") for one in site.mailbox.letters if one.link]
    kept = [
        path.read_text().strip()
        for pattern in ("*.password", "*.code")
        for path in site.folder.glob(pattern)
    ]
    sessions = [json.loads(path.read_text())["session"] for path in site.folder.glob("*.session")]
    return [one for one in (*links, *site.sessions, *sessions, *kept) if one]


def stored_leaks(site: Site) -> list[str]:
    """The same in every file, once the service has ended."""
    return _of_registrants().scan_all(surfaces.stored(site.service))


# The ledger.


def recorded(site: Site, case: str, folder: Path) -> None:
    """Every event of the case is one entry; the newest one's receipt holds in a verified copy.

    The copy grows from flow to flow, and follows what was copied before.
    """
    events = site.staff("lena", "show", case)["events"]
    entries = asyncio.run(_entries(site, case))
    assert len(entries) == len(events)
    receipt, copy, older = folder / "receipt.json", folder / "ledger", folder / "older"
    where = ("--data-dir", site.service.data_dir, "--key-dir", site.service.key_dir)
    for _ in until(30):
        made = site.run("ledger", "prove", entries[-1], "--out", receipt, *where)
        if made.returncode == 0:
            break
        assert made.stderr.startswith("entry_waiting: "), made.stderr
    words: list[str | Path] = ["ledger", "verify", copy, "--receipt", receipt]
    words += ["--key", site.service.data_dir / "ledger.vkey"]
    if (copy / "checkpoint").exists():
        older.write_bytes((copy / "checkpoint").read_bytes())
        words += ["--checkpoint", older]
    url = f"{site.service.addresses['web']}/ledger"
    for _ in until(30):  # the web role shows a checkpoint up to a second after the vault has it
        copied = site.run("ledger", "copy", "--url", url, "--dir", copy)
        assert copied.returncode == 0, copied.stderr
        verified = site.run(*words)
        if verified.returncode == 0:
            assert entries[-1] in verified.stdout
            return
        assert "ledger_rolled_back: " in verified.stderr, verified.stderr
    message = "the copy never bore the receipt out"
    raise AssertionError(message)


async def _entries(site: Site, case: str) -> list[str]:
    """The ids of a case's entries in the order of its events."""
    access = embedded.access(site.service.data_dir / "postgres", LoginRole.OWNER)
    async with pools.connected(access) as connection:
        rows = await connection.fetch(
            "SELECT id FROM ledger_entry WHERE kind = 'case_event' AND subject = $1"
            " ORDER BY (facts->>'seq')::int",
            case,
        )
    return [str(row["id"]) for row in rows]


def well(site: Site) -> None:
    """The operator finds nothing wrong, and the report of the time adds up."""
    faults = [one for one in site.beside("doctor") if not one["is_well"]]
    assert faults == []
    until_ = (site.now + timedelta(days=1)).date().isoformat()
    site.beside("report", "transparency", "--from", "2020-01-01", "--to", until_)
