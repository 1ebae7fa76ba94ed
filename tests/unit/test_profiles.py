"""Profiles of registrars: what is filled in where a file leaves it out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from proxy.apps.api import profiles
from proxy.errors import InvalidInput
from proxy.model.identifiers import AccreditationId, TenantId
from proxy.model.public_record import Accreditation
from tests.support import api

if TYPE_CHECKING:
    from proxy.model.public_record import Profile


def parsed(**changes: Any) -> Profile:
    """The profile of the sample file with members changed."""
    return parse(**changes)[0]


def parse(**changes: Any) -> tuple[Profile, str]:
    """The same, and the body as it is kept."""
    accreditation = Accreditation(
        id=AccreditationId("iana-9999"), registrar_name="Blue Heron", iana_id=9999
    )
    defaults = profiles.Defaults(
        rdap_base_url="https://edge.example", web_base_url="https://privacy.example"
    )
    body = json.dumps({**api.PROFILE, **changes}).encode()
    return profiles.parse_profile(body, TenantId(UUID(int=1)), accreditation, defaults)


def test_a_registrars_page_is_the_site_of_its_terms() -> None:
    """Without `registrar_url` the origin of the terms' address is the registrar's page."""
    assert parsed().registrar_url == "https://registrar.example/"
    own = parsed(registrar_url="https://www.registrar.example/home")
    assert own.registrar_url == "https://www.registrar.example/home"


def test_defaults_come_from_settings() -> None:
    """Without a base address of its own a profile uses the ones of the settings."""
    rdap = {key: value for key, value in api.PROFILE["rdap"].items() if key != "base_url"}
    assert parsed(rdap=rdap).rdap_base_url == "https://edge.example/"
    assert parsed().contact_form_base == "https://privacy.example/c/"


def test_unknown_members_are_refused() -> None:
    """A member that means nothing is a fault, told with its place."""
    with pytest.raises(InvalidInput) as refused:
        parsed(colour="blue")
    assert [fault.pointer for fault in refused.value.faults] == ["/colour"]


def test_a_default_row_is_needed() -> None:
    """Without a default row names under other TLDs would have no layout."""
    with pytest.raises(InvalidInput) as refused:
        parsed(tld_tables={"in": {"layout": "plain", "proxy": "forbidden", "contacts": "thick"}})
    assert refused.value.faults[0].pointer == "/tld_tables/default"


def test_nobody_is_written_to_unless_the_profile_says_so() -> None:
    """A profile without the member, as all were made before it, leaves asking to the registrar."""
    assert "email_verification" not in api.PROFILE
    assert json.loads(parse()[1])["email_verification"] == "registrar"
    assert json.loads(parse(email_verification="service")[1])["email_verification"] == "service"
    with pytest.raises(InvalidInput) as refused:
        parsed(email_verification="always")
    assert refused.value.faults[0].pointer == "/email_verification"
