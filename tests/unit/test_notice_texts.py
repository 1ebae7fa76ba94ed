"""Every notice in every language: whole, in its own words, and with nothing of anybody in it."""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING, Final

import pytest

from proxy.errors import InvalidInput
from proxy.model import letter
from proxy.model.case import Basis, Refusal
from proxy.rules.casework.fields import FIELD_CLASSES
from proxy.run import case_types
from proxy.wire import mail_message, notice_facts
from proxy.wire.notice_facts import LOCALES, Form
from proxy.wire.notices import Catalogue
from tests.support import notice_texts as support
from tests.support.notice_texts import LINK

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXTS: Final = support.catalogue()
TABLE: Final = case_types.templates()
ASKED: Final = "n16_was_i_disclosed"
"""The one template that no table sends yet: the uniform answer to a registrant's own request."""

TEMPLATES: Final = TEXTS.templates()
EVERY: Final = list(itertools.product(TEMPLATES, LOCALES))
OF_REQUESTERS: Final = tuple(name for name, one in TABLE.items() if one.to == "requester")
DOCUMENTS: Final = ("indemnity", "contact_confirmation", "terms_of_use")
HINDI: Final = re.compile(r"[\u0900-\u097f]")
FOREIGN: Final = frozenset({
    "kaveri", "silk", "example", "arbitration", "Asia", "Kolkata", "RDAP", "WHOIS", "DNS", "UTC",
})  # fmt: skip
"""What stands for a thing by its own name, in any language."""

DAYS: Final = {"en": "Friday", "de": "Freitag", "fr": "vendredi", "es": "viernes", "hi": "शुक्रवार"}


def test_the_table_and_the_texts_name_the_same_notices() -> None:
    """A template without words, or words that no table knows, would be found out too late."""
    letters = {one for several in letter.TEMPLATES.values() for one in several}
    assert set(TEMPLATES) == set(TABLE) | {ASKED} | letters
    assert "n0_step_up_registrant" in TEMPLATES


def test_every_language_has_every_message_with_the_same_variables() -> None:
    """No template is given in English for want of words; no fact is told in one language only."""
    english = TEXTS._languages["en"]
    for language in LOCALES:
        one = TEXTS._languages[language]
        assert set(one.ids()) == set(english.ids()), language
        for message in english.ids():
            assert one.wants(message) == english.wants(message), (language, message)


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_a_notice_is_whole_in_its_language(template: str, language: str) -> None:
    """Subject and body, in lines that mail carries, with nothing of the template's form left."""
    found = TEXTS.render(template, language, support.facts(TEXTS, template), link=LINK)
    assert (found.language, found.version) == (language, 1)
    assert 0 < len(found.subject) <= mail_message.SUBJECT_CHARACTERS
    assert found.subject.startswith("kaveri-silk.example")
    assert "\n" not in found.subject
    assert not re.search(r"[{}$\u2068\u2069]", found.subject + found.body)
    assert found.body.count(LINK) == 1
    long = [line for line in found.body.splitlines() if len(line) > 78]
    assert all(" " not in line.strip() for line in long), long
    assert "01900000-0000-7000-8000-000000000001" in found.body
    assert support.OFFICE.name in found.body
    assert support.OFFICE.mail in found.body


@pytest.mark.parametrize("template", TEMPLATES)
def test_a_hindi_notice_is_in_hindi(template: str) -> None:
    """Of other letters it has what stands for a thing by its own name."""
    found = TEXTS.render(template, "hi", support.facts(TEXTS, template), link=LINK)
    text = " ".join(found.body.split())
    office = support.OFFICE
    for known in (LINK, office.site, office.mail, office.postal, office.name):
        text = text.replace(known, "")
    assert set(re.findall(r"[A-Za-z]{3,}", text)) <= FOREIGN
    assert len(HINDI.findall(text)) > 200


@pytest.mark.parametrize(("template", "language"), EVERY)
def test_a_notice_with_a_gap_is_refused(template: str, language: str) -> None:
    """Whichever fact is missing, and without its link, nothing goes out."""
    whole = support.facts(TEXTS, template)
    for name in TEXTS.needs(template):
        left = {key: value for key, value in whole.items() if key != name.removesuffix("_count")}
        with pytest.raises(InvalidInput) as refused:
            TEXTS.render(template, language, left, link=LINK)
        assert refused.value.code == "notice_fact"
    for link in ("", "https://elsewhere.example/n/x", f"{support.OFFICE.site}.evil.example/n/x"):
        with pytest.raises(InvalidInput) as refused:
            TEXTS.render(template, language, whole, link=link)
        assert refused.value.code == "notice_link"


@pytest.mark.parametrize("template", sorted(TABLE))
def test_the_table_queues_what_the_words_need(template: str) -> None:
    """Domain and case come with every notice; all else that a text names, its table wants."""
    needs = {name.removesuffix("_count") for name in TEXTS.needs(template)}
    wants = {one.partition("@")[0] for one in TABLE[template].wants}
    assert needs - {"domain", "case"} <= wants
    for name in wants:
        notice_facts.form(name)


def test_every_act_that_sends_a_notice_can_say_what_it_wants() -> None:
    """It says it itself, or names the deadline or the acts of its type that do."""
    for kind, act, template in support.sending():
        own = {one.name for one in act.facts if one.is_required}
        for one in TABLE[template].wants:
            name, _, given = one.partition("@")
            sources = set(given.split("|")) - {""}
            if name in own or name == "items":
                continue
            where = (kind.id, act.id, template, name)
            if name in notice_facts.DUE:
                assert sources & set(kind.deadlines), where
            elif notice_facts.form(name) is Form.MOMENT:
                ends = name.removesuffix("_due").removesuffix("_not_before")
                assert {ends, "pre_release"} & set(kind.deadlines), where
            else:
                said = {act for act in sources if name in SAID.get(act, ())}
                said |= {one for one in sources for act in kind.named(one)
                         if name in {fact.name for fact in act.facts}}  # fmt: skip
                assert said, where


def said(fact: str, template: str) -> Iterable[str]:
    """The codes that a fact of a notice can have by the tables."""
    match fact:
        case "primary":
            return [one.value for one in Refusal]
        case "basis":
            return [one.value for one in Basis]
        case "items":
            return {item.id for one in case_types.load().values() for item in one.items}
        case _:
            return _of_acts(fact, template)


def _of_acts(fact: str, template: str) -> Iterable[str]:
    found: set[str] = set()
    (wanted,) = [one for one in TABLE[template].wants if one.partition("@")[0] == fact]
    for kind, act, sent in support.sending():
        acts = [act, *(one for name in wanted.partition("@")[2].split("|")
                       for one in kind.named(name))]  # fmt: skip
        if sent == template:
            found |= {code for act in acts for one in act.facts if one.name == fact
                      for code in one.choices}  # fmt: skip
    return found


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize(
    ("fact", "template"),
    [
        ("primary", "n7_refused"),
        ("basis", "n9_disclosed"),
        ("items", "n2_missing_items"),
        ("verdict", "n13_reconsidered_registrant"),
        ("instrument", "n3_order_notice"),
        ("whom", "n7_redirected"),
        ("recipient", "n9_disclosed"),
    ],
)
def test_every_code_has_words(language: str, fact: str, template: str) -> None:
    """Whatever an act may say under that name, the notice is still in the reader's language."""
    codes = sorted(said(fact, template))
    assert codes
    whole = support.facts(TEXTS, template)
    bodies = set()
    for code in codes:
        given = whole | {fact: (code,) if fact == "items" else code}
        found = TEXTS.render(template, language, given, link=LINK)
        assert found.language == language, code
        bodies.add(found.body)
    assert len(bodies) == len(codes)


@pytest.mark.parametrize("language", LOCALES)
def test_every_field_has_words(language: str) -> None:
    """Kinds of data, by role; a value never stands in a notice."""
    for name in FIELD_CLASSES:
        given = support.facts(TEXTS, "n7_granted") | {"fields": (name,)}
        if name.partition(".")[0] not in {"registrant", "admin", "tech", "billing"}:
            continue
        assert TEXTS.render("n7_granted", language, given, link=LINK).language == language


@pytest.mark.parametrize("language", LOCALES)
def test_a_moment_is_told_in_words_in_two_zones(language: str) -> None:
    """The day by its name, midnight as the end of the day before, the zone by name and offset."""
    found = TEXTS.render("n6_extended", language, support.facts(TEXTS, "n6_extended"), link=LINK)
    text = " ".join(found.body.split())
    assert text.count(DAYS[language]) == 2
    for part in ("24:00", "Asia/Kolkata", "UTC+05:30", "18:30", "UTC", "2026"):
        assert part in text
    elsewhere = support.facts(TEXTS, "n6_extended") | {"zone": "America/New_York"}
    text = " ".join(TEXTS.render("n6_extended", language, elsewhere, link=LINK).body.split())
    assert "13:30" in text
    assert "America/New_York, UTC-05:00" in text
    utc = support.facts(TEXTS, "n6_extended") | {"zone": "UTC"}
    assert TEXTS.render("n6_extended", language, utc, link=LINK).body.count("18:30") == 1


SAID: Final = {"open": {"fields"}, "package_sealed": {"fields"}}
"""What machines say, by their acts."""

CANARIES: Final = (
    "Meera Nair", "meera@kaveri-silk.example", "+91 44 2345 6789", "14 Temple Street, Chennai",
    "600001", "https://kaveri-silk.example/meera", "Meera\nNair", "मीरा नायर",
)  # fmt: skip


@pytest.mark.parametrize("template", OF_REQUESTERS)
def test_nothing_of_a_registrant_gets_into_a_requesters_notice(template: str) -> None:
    """Under no name that it has room for, in no form (invariant 12)."""
    whole = support.facts(TEXTS, template)
    assert "recipient" not in TEXTS.needs(template)
    for name in set(whole) - {"zone"}:
        for canary in CANARIES:
            for value in (canary, (canary,)):
                with pytest.raises(InvalidInput) as refused:
                    TEXTS.render(template, "en", whole | {name: value}, link=LINK)
                assert canary not in str(refused.value)


def test_a_fact_of_another_name_is_refused() -> None:
    """There is no name under which a value could be told, known to the template or not."""
    whole = support.facts(TEXTS, "n7_refused")
    for name in ("registrant", "name", "email", "note", "reasons", "registrant.name"):
        with pytest.raises(InvalidInput) as refused:
            TEXTS.render("n7_refused", "en", whole | {name: "Meera Nair"}, link=LINK)
        assert refused.value.code == "notice_fact"


@pytest.mark.parametrize(
    "canary", ["a@b.example", "+91 44 2345 6789", "x" * 121, "A\nB", "https://b"]
)
def test_a_recipients_name_is_a_name(canary: str) -> None:
    """It is told to the registrant alone, and holds neither an address nor a number."""
    whole = support.facts(TEXTS, "n9_disclosed")
    named = TEXTS.render("n9_disclosed", "en", whole | {"recipient": "Marken GmbH"}, link=LINK)
    assert "\nMarken GmbH\n" in named.body
    with pytest.raises(InvalidInput):
        TEXTS.render("n9_disclosed", "en", whole | {"recipient": canary}, link=LINK)


@pytest.mark.parametrize(
    "domain", ["a.example\r\nBcc: x@y.example", "A.example", "a b.example", ""]
)
def test_a_domain_that_is_none_is_refused(domain: str) -> None:
    """A subject can not be ended early by a name."""
    whole = support.facts(TEXTS, "n7_refused") | {"domain": domain}
    with pytest.raises(InvalidInput):
        TEXTS.render("n7_refused", "en", whole, link=LINK)


def test_a_long_name_still_has_a_subject_that_mail_carries() -> None:
    """253 characters of name are cut in the subject, and whole in the text."""
    domain = ".".join(["a" * 60] * 4)[:240] + ".example"
    whole = support.facts(TEXTS, "n3_demand") | {"domain": domain}
    found = TEXTS.render("n3_demand", "en", whole, link=LINK)
    assert len(found.subject) == mail_message.SUBJECT_CHARACTERS
    assert domain in found.body


@pytest.mark.parametrize(
    ("asked", "given"), [("de-AT", "de"), ("xx", "en"), ("", "en"), (None, "en")]
)
def test_a_language_that_we_have_not_is_english(asked: str | None, given: str) -> None:
    """By its first part; what it really is in, is told."""
    found = TEXTS.render("n7_withdrawn", asked, support.facts(TEXTS, "n7_withdrawn"), link=LINK)
    assert found.language == given


@pytest.mark.parametrize(("document", "language"), list(itertools.product(DOCUMENTS, LOCALES)))
def test_what_is_signed_is_there_in_every_language(document: str, language: str) -> None:
    """Whole, for this claim and this office; its digest is that of the very text."""
    facts = {} if document == "terms_of_use" else {"domain": "kaveri-silk.example", "case": CASE}
    found = TEXTS.document(document, language, facts)
    assert (found.language, found.version) == (language, 1)
    assert not re.search(r"[{}$]", found.text)
    assert re.findall(r"^(\d)\. ", found.text, re.MULTILINE)[-1] in {"5", "7"}
    if facts:
        assert "kaveri-silk.example" in found.text
        other = TEXTS.document(document, language, facts | {"case": CASE[:-1] + "2"})
        assert other.sha256 != found.sha256
        with pytest.raises(InvalidInput):
            TEXTS.document(document, language, {"case": CASE})
    with pytest.raises(InvalidInput) as refused:
        TEXTS.document(document, language, facts, version=2)
    assert refused.value.code == "notice_document"


CASE: Final = str(support.WHOLE["case"])


@pytest.mark.parametrize("form", Form)
def test_every_form_is_tried(form: Form) -> None:
    """No way for a fact to be told is without a notice that tells it."""
    names = {name for one in TEMPLATES for name in support.facts(TEXTS, one)}
    assert form in {notice_facts.form(name) for name in names}


def test_a_source_that_is_broken_stops_the_start() -> None:
    """A message twice, or one that can not be read."""
    for broken in ("a = x\na = y\n", "a = { $\n"):
        with pytest.raises(InvalidInput) as refused:
            Catalogue({"en": [broken]}, support.OFFICE)
        assert refused.value.code == "notice_source"
