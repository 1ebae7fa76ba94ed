"""The promise to indemnify: what may be demanded, what is shown of it, what its signing records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from aiohttp.test_utils import make_mocked_request

from proxy.apps import case_documents
from proxy.errors import InvalidInput
from proxy.rules.casework import assurances
from proxy.rules.casework.assurances import Assurance
from proxy.wire.notice_facts import LOCALES
from tests.support import claim_walks, notice_texts
from tests.support.case_walks import HANS, LENA, PIA, REGISTRANT, STEPPED_UP, admitted, opened

if TYPE_CHECKING:
    from proxy.model.case import Fact
    from tests.support.case_walks import Walk

TEXTS = notice_texts.catalogue()


def screened() -> Walk:
    """A claim that stands just before its demand."""
    walk = admitted(opened(claim_walks.claim()))
    walk.act(LENA, "find_trigger", **claim_walks.TRIGGER, reasons=walk.evidence())
    return walk.act(PIA, "screen", verdict="clear", reasons=walk.evidence())


def digest(walk: Walk, language: str = "en") -> str:
    """Of the text as this case has it."""
    facts = {"domain": walk.case.domain, "case": str(walk.case.id)}
    return TEXTS.document("indemnity", language, facts).sha256


def shown(walk: Walk, language: str = "") -> case_documents.Shown:
    """What a page is given."""
    path = f"/my/documents/indemnity?language={language}"
    request = make_mocked_request("GET", path, match_info={"document": "indemnity"})
    answer = case_documents.show(TEXTS, walk.case, request)
    assert isinstance(answer.body, bytes)
    return msgspec.json.decode(answer.body, type=case_documents.Shown)


@pytest.mark.parametrize("language", LOCALES)
def test_a_text_of_ours_can_be_demanded_in_any_language(language: str) -> None:
    """And from then on it alone is shown, whatever language its reader asks for."""
    walk = screened()
    text = digest(walk, language)
    case_documents.check_demanded(TEXTS, walk.case, {"text": text, "text_version": 1})
    walk.act(HANS, "demand", text=text, text_version=1, claim=walk.evidence())
    for asked in LOCALES:
        found = shown(walk, asked)
        assert (found.sha256, found.language, found.version) == (text, language, 1)


@pytest.mark.parametrize("change", ["digest", "version", "another case", "another document"])
def test_what_nobody_could_sign_can_not_be_demanded(change: str) -> None:
    """A digest that is no text's, a version that is not there, a text made for another case."""
    walk = screened()
    facts = {"domain": walk.case.domain, "case": str(walk.case.id)}
    other = facts | {"case": "01900000-0000-7000-8000-000000000009"}
    given: dict[str, dict[str, Fact]] = {
        "digest": {"text": "ab" * 32, "text_version": 1},
        "version": {"text": digest(walk), "text_version": 2},
        "another case": {
            "text": TEXTS.document("indemnity", "en", other).sha256, "text_version": 1,
        },
        "another document": {
            "text": TEXTS.document("contact_confirmation", "en", facts).sha256, "text_version": 1,
        },
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        case_documents.check_demanded(TEXTS, walk.case, given[change])
    assert refused.value.code == "text_unknown"


def test_before_a_demand_the_newest_text_is_shown_in_the_readers_language() -> None:
    """Whoever prepares the demand reads what it will bind to."""
    walk = screened()
    assert shown(walk, "hi").sha256 == digest(walk, "hi")
    assert shown(walk).language == "en"


def test_signing_records_text_version_signer_authority_and_the_second_proof() -> None:
    """All that a promise is worth later stands in one event of the chain, and names no person."""
    walk = screened()
    text = digest(walk, "hi")
    walk.act(HANS, "demand", text=text, text_version=1, claim=walk.evidence())
    walk.deliver("n3_demand")
    authority, paper = walk.evidence("authority"), walk.evidence("instrument")
    facts: dict[str, Fact] = {"text": text, "text_version": 1, "instrument": paper}
    walk.refused(REGISTRANT, "sign_indemnity", **facts, signer="registrant")
    walk.refused(STEPPED_UP, "sign_indemnity", **facts, signer="officer")
    walk.act(STEPPED_UP, "sign_indemnity", **facts, signer="officer", authority=authority)
    (event,) = [one for one in walk.events if one.act == "sign_indemnity"]
    assert (event.actor, event.role) == ("registrant", "registrant")
    told = {name: event.facts[name] for name in (*facts, "signer", "authority", "session")}
    assert told == {**facts, "signer": "officer", "authority": authority, "session": "step_up"}
    assert assurances.indemnity(walk.case) is Assurance.GIVEN
