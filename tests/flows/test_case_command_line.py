"""A whole case by commands alone, as people at their machines give them and read what they say."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import case_service as services
from tests.support import case_steps as steps
from tests.support.case_watch import REQUESTER
from tests.support.running import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.case_service import Site

pytestmark = [
    pytest.mark.db,
    pytest.mark.xdist_group("cases"),
    pytest.mark.timeout(400),
    pytest.mark.skipif(sys.platform != "linux", reason="moves clocks by LD_PRELOAD"),
]
ITEMS = [
    "threat", "aimed_at_us", "anonymity", "claim", "authority", "contact_route", "good_faith",
    "use_undertaking",
]  # fmt: skip


def says(site: Site, name: str, *words: str | Path) -> str:
    """What a command that must succeed tells a person."""
    site.staff(name, "list")  # signed in
    found = site.run("case", *words, "--session", site.folder / f"{name}.session")
    assert found.returncode == 0, f"{words}: {found.stderr}"
    return found.stdout


def request(site: Site, domain: str, **changes: object) -> Path:
    """A file with a request."""
    whole = {
        "type": "third_party_claim", "domain": domain, "received_at": site.now.isoformat(),
        "channel": "letter", "country": "DE", "requester_class": "company",
        "fields": ["registrant.name"], "items": ITEMS,
        "requester": {"name": "Dr. Ada Mueller", "email": REQUESTER, "language": "en"},
    }  # fmt: skip
    return site.file("request.json", json.dumps({**whole, **changes}))


def signing(site: Site, name: str) -> tuple[str | Path, ...]:
    """The words with which somebody signs, on a machine of their own."""
    return (
        "--key", site.key_of(name), "--trust", site.folder / f"{name}.trust",
        "--roster", site.digest(), "--yes",
    )  # fmt: skip


def opened(site: Site, domain: str) -> str:
    """A case, opened by hand; what it lacked was told first."""
    services.enrol(site, domain)
    told = site.refused("ida", "open", request(site, domain, items=["threat"], channel="By Hand"))
    assert "/channel" in told
    told = site.refused("ida", "open", request(site, domain, items=["threat"], fields=["x.y"]))
    assert "There is no field x.y." in told
    assert all(f"{one} is missing" in told for one in ITEMS[1:])
    said = says(site, "ida", "open", request(site, domain))
    assert domain in said
    assert "acknowledge_late:director" in said
    found = re.search(r"[0-9a-f-]{36}", said)
    assert found is not None
    return found[0]


def test_a_case_from_its_letter_to_its_end(case_site: Site) -> None:
    """Opened, verified, held, redirected: every step by a command, each said in plain words."""
    site, domain = case_site, "by-hand.example"
    case = opened(site, domain)
    assert case in says(site, "ida", "list", "--state", "received")
    assert "Done: acknowledge" in says(site, "ida", "act", case, "acknowledge")
    assert "can not do acknowledge" in site.refused("ida", "act", case, "acknowledge")
    assert "handler" in site.refused("max", "assign", case, "nobody-here")
    says(site, "max", "assign", case, "hans")
    assert "verifying" in says(site, "hans", "act", case, "find_complete")
    assert case in says(site, "vera", "tasks", "--role", "verifier")

    usage = says(site, "vera", "can", case, "verify_requester")
    assert "number_from=independent|request taker=HANDLE proof=@FILE" in " ".join(usage.split())
    told = site.refused("vera", "act", case, "verify_requester", "level=9", "mood=bad")
    assert "level is one of 1, 2, 3" in told
    assert "there is no fact mood" in told
    assert "proof=@FILE is missing" in told
    proof = f"proof={site.text('proof', 'An extract of the register.')}"
    callback = ("level=2", "until=2031-01-01T00:00:00Z", "number_from=independent", proof)
    site.refused("vera", "act", case, "verify_requester", "taker=vera", *callback)
    assert "triage" in says(site, "vera", "act", case, "verify_requester", "taker=ida", *callback)
    read_and_match(site, case)
    periods = says(site, "lena", "deadlines", case)
    assert re.search(r"trigger +our duty .* in \d+ \w+", periods)
    assert "It never does" in site.refused(
        "hans", "pause", case, "trigger", "--why", "clarification", "--ends-by", "2031-01-01T00:00Z"
    )
    told = site.refused("lena", "overlay", case, "gag", "on")
    assert f"privacyproxy case propose {case} gag" in told
    assert "flag_safety" in site.refused("lena", "overlay", case, "safety", "on")
    said = says(site, "pia", "overlay", case, "safety", "on", "kind=stalking", steps.reasons(site))
    assert "Done: flag_safety" in said
    says(site, "paul", "overlay", case, "safety", "off", steps.reasons(site))

    says(site, "lena", "act", case, "redirect", "whom=court", steps.reasons(site))
    shown = says(site, "lena", "show", case)
    assert "closed." in shown
    assert "Outcome: redirect." in shown
    history = says(site, "olga", "history", case)
    for line in (r"open +type=third_party_claim", r"vera +verifier +verify_requester +level=2"):
        assert re.search(line, history), line
    assert case not in says(site, "ida", "list")
    site.end(case)


def read_and_match(site: Site, case: str) -> None:
    """A file is read by its reader's own key; a guess about the registrant is answered."""
    proofs = [one for one in site.staff("vera", "evidence", case)["evidence"]
              if one["kind"] == "proof"]  # fmt: skip
    assert len(proofs) == 1  # what lay there after the refusal was not handed in again

    out = site.folder / "read.txt"
    key = ("--key", site.key_of("lena"), "--reason", "The proof is weighed.")
    site.staff("lena", "read", case, proofs[0]["id"], *key, "--out", out)
    assert out.read_text() == "An extract of the register."
    value = site.file("value.txt", "nobody@elsewhere.example")
    assert site.staff("lena", "match", case, "email", "--value-file", value, *key) == {
        "holds": False
    }


def test_an_order_is_voted_on_and_another_is_stopped(case_site: Site) -> None:
    """Votes and a veto are signed at the voter's machine, over the session's own service."""
    site, domain = case_site, "by-vote.example"
    case = opened(site, domain)
    says(site, "lena", "overlay", case, "hold", "on", steps.reasons(site))
    proposal = (
        "propose", case, "lift_hold", "--basis", "contract_breach", "--reason", "It is over.",
        "--reasons", site.text("reasons"),
    )  # fmt: skip
    told = site.refused("lena", "overlay", case, "hold", "off")
    assert f"privacyproxy case propose {case} lift_hold" in told

    stopped = site.staff("hans", *proposal)["order"]
    assert site.staff("luis", "veto", stopped, *signing(site, "luis")) == {"state": "stopped"}
    assert "A member objected" in site.refused("dave", "vote", stopped, *signing(site, "dave"))

    order = order_of(says(site, "hans", *proposal))
    said = says(site, "dora", "order", order)
    assert "lift hold" in said
    assert re.search(r"votes +none yet", said)
    assert site.refused("dora", "carry-out", order)
    assert "Not enough yet" in says(site, "dave", "vote", order, *signing(site, "dave"))
    assert "Enough" in says(site, "luis", "vote", order, *signing(site, "luis"))
    assert re.search(r"votes +dave, luis", says(site, "dora", "order", order))
    assert "Carried out: lift hold" in says(site, "dora", "carry-out", order)
    shown: dict[str, Any] = {}
    for _ in until(40):
        shown = site.staff("lena", "show", case)
        if not shown["overlays"]:
            break
    assert shown["overlays"] == []
    site.end(case)


def order_of(said: str) -> str:
    """The order's id in what a proposer is told."""
    found = re.search(r"case vote ([0-9a-f-]{36})", said)
    assert found is not None, said
    return found[1]


def test_who_keeps_away_and_who_signs_out(case_site: Site) -> None:
    """A declared conflict hides the case; a session that was ended is over; codes say which."""
    site, domain = case_site, "by-nobody.example"
    case = opened(site, domain)
    says(site, "otto", "show", case)
    says(site, "otto", "conflict", case, "otto")
    assert "no case by this id" in site.refused("otto", "show", case)
    session = site.folder / "otto.session"
    whoami = site.run("staff", "whoami", "--session", session)
    assert (whoami.returncode, whoami.stdout.split("\n")[0]) == (0, "otto: on-call.")
    copy = site.file("copy.session", session.read_bytes())
    assert site.run("staff", "sign-out", "--session", session).returncode == 0
    assert not session.exists()
    for one, word in ((session, "not signed in"), (copy, "no such session")):
        found = site.run("case", "show", case, "--session", one)
        assert (found.returncode, found.stdout) == (1, "")
        assert word in found.stderr
    assert site.run("case", "show").returncode == 2
    assert site.run("case", "overlay", case, "weather", "on").returncode == 2
    site.signed_out("otto")
