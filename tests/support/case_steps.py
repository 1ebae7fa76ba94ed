"""Steps of cases on the running service, as several people do them one after the other."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pysequoia

from tests.support import openpgp
from tests.support.case_watch import REQUESTER, REQUESTER_NAME
from tests.support.running import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.support.case_party import Party
    from tests.support.case_service import Site


def open_case(site: Site, case_type: str, domain: str, *items: str, **more: object) -> str:
    """A case of a type, taken in by intake and given to a handler; its id."""
    request = {
        "type": case_type,
        "domain": domain,
        "received_at": site.now.isoformat(),
        "channel": "letter",
        "country": "DE",
        "requester_class": "company",
        "fields": ["registrant.name", "registrant.email"],
        "items": items,
        "requester": {"name": REQUESTER_NAME, "email": REQUESTER, "language": "en"},
        **more,
    }
    case: str = site.staff("ida", "open", site.file("request.json", json.dumps(request)))["id"]
    site.act("ida", case, "acknowledge")
    site.staff("max", "assign", case, "hans")
    return case


def verify(site: Site, case: str, level: int = 2) -> None:
    """The requester is proven, by a call back to a number found independently."""
    until_ = (site.now + timedelta(days=300)).isoformat()
    site.act(
        "vera", case, "verify_requester", f"level={level}", f"until={until_}",
        "number_from=independent", "taker=ida", f"proof={site.text('identity')}",
    )  # fmt: skip


def reasons(site: Site) -> str:
    """The reasons of a decision, written."""
    return f"reasons={site.text('reasons')}"


def due(site: Site, case: str, deadline: str, days: float, by: str = "lena") -> None:
    """A deadline that lies at least so many days ahead passes, and the days with it."""
    row = _deadline(site, case, deadline, by, is_due=False)
    left = datetime.fromisoformat(row["due_at"]) - site.now
    assert left > timedelta(days=days, hours=-1), row  # the flow itself takes minutes
    site.pass_((left + timedelta(minutes=1)) / timedelta(days=1))
    _deadline(site, case, deadline, by, is_due=True)


def _deadline(site: Site, case: str, deadline: str, by: str, *, is_due: bool) -> Any:
    """The newest round of a deadline, once it stands so."""
    rows: list[Any] = []
    for _ in until(40):
        rows = [one for one in site.staff(by, "show", case)["deadlines"] if one["name"] == deadline]
        if rows and rows[-1]["is_due"] == is_due:
            return rows[-1]
    why = site.beside("clock", "explain", case, "--deadline", deadline)
    message = f"{deadline} at {site.now}: {rows}, {why}"
    raise AssertionError(message)


def approved(
    site: Site, case: str, kind: str, voters: Sequence[str], *words: str | Path, by: str = "dora"
) -> str:
    """An order that has its votes, and of which the case knows."""
    made = site.staff(
        by, "propose", case, kind, "--reason", "No assurances came.",
        "--reasons", site.text("reasons"), *words,
    )  # fmt: skip
    order: str = made["order"]
    *most, last = voters
    site.vote(order, *most)
    assert site.refused("rita", "carry-out", order)  # a vote is missing
    site.vote(order, last)
    for _ in until(40):
        events = site.staff("rita", "show", case)["events"]
        told = {one["act"] for one in events if one["facts"].get("order") == order}
        if "order_approved" in told:
            return order
    message = f"not approved: {site.staff('rita', 'order', order)}"
    raise AssertionError(message)


def recipient(site: Site, fingerprint: str, certificate: str) -> Path:
    """The file that says to whom a package goes."""
    to = {
        "name": REQUESTER_NAME,
        "organization": "Kanzlei Mueller",
        "identity": site.text("identity"),
        "openpgp": fingerprint,
        "certificate": f"@{site.file('recipient.asc', certificate)}",
        "delete_by": (site.now + timedelta(days=180)).date().isoformat(),
    }
    return site.file("recipient.json", json.dumps(to))


def package(site: Site, case: str, order: str) -> str:
    """The id of the package that the vault sealed, carried out by its releaser."""
    made = site.staff("rita", "carry-out", order)["package"]["id"]
    for _ in until(40):
        events = site.staff("rita", "show", case)["events"]
        if any(one["act"] == "package_sealed" for one in events):
            return str(made)
    message = "the case does not know of its package"
    raise AssertionError(message)


def released(site: Site, package: str) -> Party:
    """The recipient, who followed the package's link; nobody else can, nor without the terms."""
    site.staff("rita", "release", package)
    letter = site.mailbox.wait(REQUESTER, "collect it once")
    party = site.enter(letter)
    assert site.http("POST", letter.link).status >= HTTPStatus.BAD_REQUEST
    assert site.http("POST", "/package").status >= HTTPStatus.BAD_REQUEST
    refused = party.call("POST", "/package", {"accept": "0" * 64})
    assert HTTPStatus.BAD_REQUEST <= refused.status < HTTPStatus.INTERNAL_SERVER_ERROR
    return party


def opened(octets: bytes, secret: pysequoia.Tsk) -> dict[str, Any]:
    """What a package discloses, to who has the key."""
    found = pysequoia.decrypt(octets, decryptor=secret.decryptor()).bytes
    assert found is not None
    with zipfile.ZipFile(io.BytesIO(found)) as archive:
        told: dict[str, Any] = json.loads(archive.read("disclosure.json"))
    return told


def paper(site: Site, case: str) -> str:
    """An instrument that lies in the case, by its id."""
    file = site.file("paper.txt", "It is ordered.")
    return str(site.staff("lena", "file", case, "paper", file)["evidence"])


def give(site: Site, case: str, basis: str, instrument: str = "") -> dict[str, Any]:
    """What the recipient reads: votes, the vault's package, its link, its receipt.

    The case stands where only votes are missing.
    """
    words = ("--basis", basis, *(("--instrument", instrument) if instrument else ()))
    secret, order = asked(site, case, "disclose", ("dave", "luis", "paul"), *words)
    site.act("rita", case, "seal")
    told = given(site, case, secret, order)
    site.wait(case, "receipted")
    return told


def give_urgently(site: Site, case: str) -> dict[str, Any]:
    """The same in an emergency: the pair votes, the releaser proposes."""
    voters = ("olga", "otto")
    words = ("--basis", "emergency")
    secret, order = asked(site, case, "disclose_in_emergency", voters, *words, by="rita")
    return given(site, case, secret, order)


def asked(
    site: Site, case: str, kind: str, voters: Sequence[str], *words: str, by: str = "dora"
) -> tuple[pysequoia.Tsk, str]:
    """The recipient's key, and an order that has its votes."""
    secret = openpgp.key(name="Ada")
    certificate = secret.extract_certificate()
    to = recipient(site, certificate.fingerprint, str(certificate))
    order = approved(
        site, case, kind, voters, *words,
        "--field", "registrant.name", "--field", "registrant.email",
        "--releaser", "rita", "--to", to, by=by,
    )  # fmt: skip
    return secret, order


def given(site: Site, case: str, secret: pysequoia.Tsk, order: str) -> dict[str, Any]:
    """What the recipient reads of a package that was sealed by an order."""
    party = released(site, package(site, case, order))
    told = opened(party.collect(), secret)
    again = party.call("POST", "/package", {"accept": told["terms"]["sha256"]})
    assert again.status == HTTPStatus.CONFLICT
    party.done("POST", "/package/receipt", {"text": "We have it."})
    return told


def values(told: dict[str, Any]) -> dict[str, str]:
    """The fields of what a recipient reads."""
    return {one["name"]: one["value"] for one in told["fields"]}


def asked_of(contacts: dict[str, Any]) -> dict[str, str]:
    """Name and address of the registrant, as fields."""
    contact = contacts["registrant"]
    return {"registrant.name": contact["name"], "registrant.email": contact["email"]}
