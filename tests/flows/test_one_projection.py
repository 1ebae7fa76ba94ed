"""Promise 1: WHOIS, RDAP and the API show one public record, for every sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support import answers
from tests.support.served import PROFILE, ROLES

if TYPE_CHECKING:
    from tests.support.served import Served

pytestmark = [pytest.mark.db, pytest.mark.xdist_group("asked"), pytest.mark.timeout(300)]


def a_label(domain: str) -> str:
    """The name as it travels, by a rule of its own: IDNA2003 of Python agrees on the samples."""
    return domain.encode("idna").decode() if not domain.isascii() else domain.lower()


def differences(asked: Served, row: dict[str, Any]) -> list[str]:
    """Every field in which two of the three answers, or the sample itself, differ."""
    domain = row["domain"]
    whois = answers.from_whois(asked.service.whois(domain.encode()))
    rdap = answers.from_rdap(asked.service.rdap(domain).json)
    stored = asked.service.api("GET", f"/v1/registrations/{whois.domain}", asked.key).json
    contacts = answers.contacts_from_api(stored)
    found = [
        f"{field}: {getattr(whois, field)!r} != {getattr(rdap, field)!r}"
        for field in answers.Answer.__dataclass_fields__
        if getattr(whois, field) != getattr(rdap, field)
    ]
    if whois.contacts != contacts:
        found.append(f"API contacts: {contacts!r} != {whois.contacts!r}")
    declared = {
        "registry_domain_id": row["registry_domain_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "expires_at": row["registrar_expires_at"],
        "statuses": frozenset(row["statuses"]),
        "nameservers": tuple(host["name"] for host in row["nameservers"]),
        "is_signed": bool(row.get("dnssec", {}).get("ds")),
        "reseller": row.get("reseller"),
    }
    found += [
        f"{field}: {getattr(whois, field)!r} is not the declared {value!r}"
        for field, value in declared.items()
        if getattr(whois, field) != value
    ]
    return [f"{domain}: {line}" for line in found]


def test_every_sample_is_shown_alike_everywhere(asked: Served) -> None:
    """For each sample WHOIS, RDAP and the API agree field by field, with what was declared."""
    assert len(asked.samples) > 1000
    found = [line for row in asked.samples for line in differences(asked, row)]
    assert found == [], f"{len(found)} differences"


def test_names_of_samples_travel_as_a_labels(asked: Served) -> None:
    """An internationalised name is answered under its A-label, with its U-label beside it."""
    rows = [row for row in asked.samples if not row["domain"].isascii()]
    assert rows
    for row in rows:
        shown = answers.from_whois(asked.service.whois(row["domain"].encode()))
        assert shown.domain == a_label(row["domain"])
        assert shown.unicode_name == row["domain"]
        # Up to the line of the snapshot's time, which may move on between the two.
        by_a_label, by_u_label = (
            asked.service.whois(name.encode()).partition(b">>> Last update")[0]
            for name in (shown.domain, row["domain"])
        )
        assert by_a_label == by_u_label


def test_privacy_mode_names_the_holder_and_nobody_else(asked: Served) -> None:
    """In privacy mode the registrant's name is the holder's; every other field is the mask's."""
    mask = PROFILE["public_contact"]
    rows = [row for row in asked.samples if row["mode"] == "privacy"]
    assert len(rows) > 200
    for row in rows:
        shown = answers.from_whois(asked.service.whois(row["domain"].encode())).contacts
        assert shown["registrant"].name == row["contacts"]["registrant"]["name"]
        assert {shown[role].name for role in ROLES[1:]} != {shown["registrant"].name}
        for role in ROLES:
            assert shown[role].organization == mask["organization"]
            assert shown[role].street == tuple(mask["street"])


def test_redacted_mode_shows_state_and_country_alone(asked: Served) -> None:
    """In redacted mode only the registrant's state and country are the person's."""
    rows = [row for row in asked.samples if row["mode"] == "redacted"]
    assert len(rows) > 40
    for row in rows:
        shown = answers.from_whois(asked.service.whois(row["domain"].encode())).contacts
        person = row["contacts"]["registrant"]
        holder = shown["registrant"]
        assert (holder.state, holder.country) == (person["state"], person["country"])
        assert {holder.name, holder.organization, holder.street, holder.city} == {"-"}
        assert shown["tech"].country == "-"


def test_mask_is_the_profiles_own(asked: Served) -> None:
    """In proxy mode every contact is the profile's mask, told apart by the reference."""
    row = asked.of_mode("proxy")
    shown = answers.from_whois(asked.service.whois(row["domain"].encode())).contacts
    stored = asked.service.api("GET", f"/v1/registrations/{a_label(row['domain'])}", asked.key)
    assert {one.name for one in shown.values()} == {f"Privacy Customer {stored.json['reference']}"}
    assert {one.reach for one in shown.values()} == {shown["registrant"].reach}
    assert (shown["registrant"].reach or "").endswith("@mask.example.net")
