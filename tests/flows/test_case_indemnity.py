"""The indemnity path on the whole service, by its doors alone, in both endings (casework s8 a)."""

from __future__ import annotations

import sys
from base64 import b64decode
from typing import TYPE_CHECKING

import pytest

from tests.support import canary, openpgp
from tests.support import case_service as services
from tests.support import case_steps as steps

if TYPE_CHECKING:
    from tests.support.case_party import Party
    from tests.support.case_service import Site

pytestmark = [
    pytest.mark.db,
    pytest.mark.xdist_group("cases"),
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="moves clocks by LD_PRELOAD"),
]
ITEMS = (
    "threat", "aimed_at_us", "anonymity", "claim", "authority", "contact_route", "good_faith",
    "use_undertaking",
)  # fmt: skip
TRIGGER = ("threat=yes", "involves_us=yes", "from_anonymity=yes", "plausible=yes", "no_pretext=yes")
WEIGHED = ("necessary=yes", "proportionate=yes", "effective=yes", "alternatives=relay")
BREACH = ("--basis", "contract_breach")
FIELDS = ("--field", "registrant.name", "--field", "registrant.email")


def demanded(site: Site, domain: str) -> tuple[str, Party]:
    """A claim whose demand reached the registrant, who followed its link."""
    contacts = services.enrol(site, domain)
    mail = contacts["registrant"]["email"]
    case = steps.open_case(site, "third_party_claim", domain, *ITEMS)
    site.act("hans", case, "find_complete")
    steps.verify(site, case)
    site.act("lena", case, "find_trigger", *TRIGGER, steps.reasons(site))
    site.act("pia", case, "screen", "verdict=clear", steps.reasons(site))
    text = site.staff("hans", "text", case, "indemnity")
    site.act(
        "hans", case, "demand", f"text={text['sha256']}", f"text_version={text['version']}",
        f"claim={site.text('claim')}",
    )  # fmt: skip
    registrant = site.enter(site.mailbox.wait(mail, "two assurances"))
    site.wait(case, "awaiting")
    return case, registrant


def breached(site: Site, case: str) -> None:
    """The window passes, and two people find a breach."""
    steps.due(site, case, "assurances", 15)
    site.act("lena", case, "take_to_judgement")
    found = ("delivered=yes", "credible=yes", steps.reasons(site))
    site.act("lena", case, "find_breach", "verdict=breach", "excusable=no", *found)
    site.act("dora", case, "confirm_breach", "not_excusable=yes", *found)


def test_who_gives_both_assurances_stays_hidden(case_site: Site) -> None:
    """Promise and proof are found good; nothing is disclosed or held, and the claim ends."""
    site, domain = case_site, "kept-hidden.example"
    case, registrant = demanded(site, domain)
    registrant.act(
        "confirm_contact",
        statement=registrant.write("statement", "I wrote to them on Monday."),
        details="own",
        proof=registrant.write("proof", "From: me. To: them. My address is below."),
        channel="uploaded",
    )
    shown = registrant.done("GET", "/my/claim")
    assert b64decode(shown["content"]) == b"Reasons of weight."  # what the handler passed on
    text = registrant.done("GET", "/my/documents/indemnity")
    signing = {
        "text": text["sha256"], "text_version": text["version"], "signer": "registrant",
        "instrument": registrant.write("instrument", text["text"]),
    }  # fmt: skip
    refused = registrant.call("POST", "/my/acts/sign_indemnity", {"facts": signing})
    assert refused.status in {403, 409, 422}, refused.body  # a link in an old mail binds nobody
    mail = canary.contacts("proxy")["registrant"]["email"]
    registrant.done("POST", "/my/step-up")
    stepped_up = site.enter(site.mailbox.wait(mail, "30 minutes"), registrant.session)
    stepped_up.act("sign_indemnity", **signing)

    site.act("hans", case, "ask_complainant")
    site.act("lena", case, "assess_indemnity", "verdict=valid", steps.reasons(site))
    site.act(
        "luis", case, "assess_contact", "verdict=valid", "connection=address_matched",
        steps.reasons(site),
    )  # fmt: skip
    steps.due(site, case, "complainant_check", 5)
    shown = site.act("hans", case, "find_assurances_good")
    assert shown["state"] == "resolved"
    assert "can not do propose_disclosure" in site.refused(
        "dora", "act", case, "propose_disclosure"
    )
    steps.due(site, case, "monitor", 30)
    shown = site.wait(case, "closed")
    assert shown["outcome"] not in {"disclose_private", "deactivate"}
    assert b"Privacy Customer" in site.service.whois(domain.encode())
    site.end(case)


def test_a_default_ends_in_deactivation_and_in_disclosure(case_site: Site) -> None:
    """Two orders, each with its votes: the name is held, then one recipient gets the contact."""
    site, domain = case_site, "in-default.example"
    case, registrant = demanded(site, domain)
    breached(site, case)

    site.act(
        "dora", case, "propose_deactivation", "verdict=deactivation", "basis=contract_breach",
        "mail_considered=yes", *WEIGHED, steps.reasons(site),
    )  # fmt: skip
    site.act("hans", case, "tell_deactivation")
    steps.due(site, case, "pre_release", 3)
    order = steps.approved(site, case, "deactivate", ("dave", "luis"), *BREACH)
    assert "can not do deactivate" in site.refused("hans", "act", case, "deactivate")
    site.crash("vault", "worker", "web", "relay", "api")  # what was decided stands
    site.act("rita", case, "deactivate")
    site.staff("rita", "carry-out", order)
    shown = site.wait(case, "deactivated")
    assert any(one["act"] == "effect_done" for one in shown["events"])

    secret = openpgp.key(name="Ada")
    certificate = secret.extract_certificate()
    site.act(
        "dora", case, "propose_disclosure", "fields=registrant.name,registrant.email",
        "basis=contract_breach", "recipient=requester", *WEIGHED, steps.reasons(site),
    )  # fmt: skip
    site.act("hans", case, "tell_registrant")
    steps.due(site, case, "pre_release", 3)
    to = steps.recipient(site, certificate.fingerprint, str(certificate))
    order = steps.approved(
        site, case, "disclose", ("dave", "luis", "paul"), *BREACH, *FIELDS,
        "--releaser", "rita", "--to", to,
    )  # fmt: skip
    site.act("rita", case, "seal")
    package = steps.package(site, case, order)
    assert "releaser" in site.refused("dora", "release", package)
    recipient = steps.released(site, package)
    told = steps.opened(recipient.collect(), secret)
    contact = canary.contacts("proxy")["registrant"]
    assert {one["name"]: one["value"] for one in told["fields"]} == {
        "registrant.name": contact["name"], "registrant.email": contact["email"],
    }  # fmt: skip
    assert recipient.call("POST", "/package", {"accept": told["terms"]["sha256"]}).status == 409
    recipient.done("POST", "/package/receipt", {"text": "We have it."})
    site.mailbox.wait(contact["email"], "data about you was given to somebody")
    site.wait(case, "deactivated")  # the name is still out: that is looked at as well
    steps.due(site, case, "reconsider", 10)
    shown = site.act("dora", case, "close_deactivated", steps.reasons(site))
    assert (shown["state"], shown["outcome"]) == ("closed", "disclose_private")
    kinds = [one["template"] for one in shown["notices"] if one["to"] == "registrant"]
    assert {"n3_demand", "n9_deactivated", "n8_prerelease", "n9_disclosed"} <= set(kinds)
    assert registrant.call("GET", "/my/case").status == 404  # its session is long over
    assert b"Privacy Customer" in site.service.whois(domain.encode())  # given to one, not to all
    site.end(case)
