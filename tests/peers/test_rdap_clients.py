"""RDAP clients written by others understand the answers, redactions included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from jsonpath_rfc9535 import find

from tests.support.served import PROFILE, Served, peer_name

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [
    pytest.mark.peer,
    pytest.mark.db,
    pytest.mark.xdist_group("asked"),
    pytest.mark.timeout(300),
]
MASK = PROFILE["public_contact"]
WITHHELD = {
    f"{label} {field}"
    for label in ("Registrant", "Tech")
    for field in ("Name", "Street", "City", "Postal Code", "Phone", "Email")
}


@pytest.mark.parametrize("mode", ["proxy", "privacy"])
def test_whoisit_reads_the_mask(drive: Callable[..., Any], asked: Served, mode: str) -> None:
    """Whoisit reads the registrant's mask and finds no contact field redacted."""
    found = drive("whoisit_client", asked.service.addresses["rdap"] + "/", peer_name(mode))
    (holder,) = found["entities"]["registrant"]
    assert holder["name"] == MASK["organization"]  # it prefers the organisation to the person
    assert holder["address"]["locality"] == MASK["city"]
    assert holder["email"].endswith("@mask.example.net")
    assert not WITHHELD & set(found["redacted"])


def test_whoisit_understands_redactions(drive: Callable[..., Any], asked: Served) -> None:
    """Whoisit lists each withheld field and finds the form that stands for the address."""
    found = drive("whoisit_client", asked.service.addresses["rdap"] + "/", peer_name("redacted"))
    assert set(found["redacted"]) >= WITHHELD
    assert not {"Registrant Country", "Registrant State/Province"} & set(found["redacted"])
    (holder,) = found["entities"]["registrant"]
    assert holder["name"] == ""
    assert holder["contact_uris"][0].startswith("https://")


@pytest.mark.parametrize("mode", ["proxy", "privacy"])
def test_whodap_reads_the_record(drive: Callable[..., Any], asked: Served, mode: str) -> None:
    """Whodap flattens the answer into the fields of a WHOIS record."""
    flat = drive("whodap_client", asked.service.addresses["rdap"] + "/", peer_name(mode))["flat"]
    row = next(row for row in asked.samples if row["domain"] == peer_name(mode))
    person = row["contacts"]["registrant"]
    assert (flat["registrant_name"] == person["name"]) == (mode == "privacy")
    assert flat["registrant_organization"] == MASK["organization"]
    assert flat["created_date"].replace(" ", "T") + "Z" == row["created_at"]
    assert flat["nameservers"] == [host["name"] for host in row["nameservers"]]


def test_every_redaction_points_at_a_gap(asked: Served) -> None:
    """By JSONPath: a path said to be removed finds nothing, one left in place finds emptiness."""
    domains = [row["domain"] for row in asked.samples if row["mode"] == "redacted"]
    for domain in domains:
        tree = asked.service.rdap(domain).json
        assert len(tree["redacted"]) > 20
        for entry in tree["redacted"]:
            assert not ("prePath" in entry and "postPath" in entry)
            if "prePath" in entry:
                assert [node.value for node in find(entry["prePath"], tree)] == [], entry["name"]
            if "postPath" in entry:
                nodes = [node.value for node in find(entry["postPath"], tree)]
                assert nodes, entry["name"]
                assert not any(_text(value) for value in nodes), entry["name"]
            if "replacementPath" in entry:
                assert find(entry["replacementPath"], tree), entry["name"]


def _text(value: object) -> str:
    """Every text inside a JSON value."""
    if isinstance(value, list):
        return "".join(_text(part) for part in value)
    return value if isinstance(value, str) else ""
