"""Another type of case is a table, its notices, its periods and its tests: nothing else.

The files of `case_types/` are copied, and a small one for reports of abuse is put beside them. All
that reads tables reads it; no module knows its name.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import proxy
from proxy.model.case import CaseTypeId, Outcome
from proxy.model.order import OrderKind
from proxy.model.roster import StaffRole
from proxy.run import case_types
from proxy.wire import case_diagram
from tests.support import case_walks as walks
from tests.support.case_walks import DAVE, DORA, HANS, LUIS, REGISTRANT, RITA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import Fact
    from proxy.model.case_type import CaseType
    from proxy.rules.casework.limits import Limit
    from proxy.run.case_types import Template
    from tests.support.case_walks import Walk

ADDED: Final = Path(__file__).parents[1] / "support" / "case_type_added"
ABUSE: Final = CaseTypeId("abuse_report")
IRIS: Final = walks.staff("iris", StaffRole.INVESTIGATOR)
PACKAGE: Final = Path(proxy.__path__[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """What the program reads once the added files lie there."""

    types: Mapping[CaseTypeId, CaseType]
    limits: Mapping[str, Limit]
    templates: Mapping[str, Template]


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The program's own tables, and the added ones."""
    folder = tmp_path_factory.mktemp("added") / "case_types"
    shutil.copytree(PACKAGE / "case_types", folder)
    shutil.copy(ADDED / "abuse_report.toml", folder)
    for name in ("templates.toml", "limits.toml"):
        with (folder / name).open("a") as file:
            file.write("\n" + (ADDED / name).read_text())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case_types, "_FOLDER", folder)
        return Tables(
            types=case_types.load(), limits=case_types.limits(), templates=case_types.templates()
        )


@pytest.fixture
def abuse(tables: Tables) -> CaseType:
    """The type, as the program reads it."""
    assert len(tables.types) == len(case_types.load()) + 1
    return tables.types[ABUSE]


def malicious(abuse: CaseType) -> Walk:
    """A name that was found to be registered for abuse."""
    walk = walks.admitted(walks.opened(abuse, fields=()))
    walk.act(IRIS, "investigate", kind="phishing", capture=walk.evidence("capture"))
    facts: dict[str, Fact] = {
        "verdict": "malicious", "kind": "phishing", "reasons": walk.evidence(),
    }  # fmt: skip
    refusal = walk.refused(IRIS, "find_malicious", **facts)
    assert [one.partition(":")[0] for one in refusal.lacking] == ["flags_when"]
    return walk.act(IRIS, "find_malicious", **facts, seen_by_two=True)


def test_nothing_in_the_program_knows_the_type() -> None:
    """Neither a module nor a shared table: its id and its own acts stand in its file alone."""
    table = (ADDED / "abuse_report.toml").read_text()
    names = (ABUSE, "find_malicious", "abuse_triage", "n3_abuse_warning")
    assert all(name in table for name in names)
    texts = [one.read_text() for kind in ("*.py", "*.toml") for one in PACKAGE.rglob(kind)]
    assert not any(name in text for text in texts for name in names)


def test_a_name_is_taken_out_and_put_back(abuse: CaseType) -> None:
    """From the report to the deactivation, a second look, and back: blocks do it all."""
    walk = malicious(abuse)
    facts: dict[str, Fact] = {
        "verdict": "temporary_hold", "basis": "legitimate_interest", "reasons": walk.evidence(),
    }  # fmt: skip
    walk.act(DORA, "propose_deactivation", **facts).act(HANS, "tell_deactivation")
    order = walk.due("pre_release").approved(OrderKind.DEACTIVATE)
    walk.act(RITA, "deactivate").carried_out(order)
    registrar(walk, "hold")
    assert (walk.case.state, walk.case.outcome) == ("deactivated", Outcome.TEMP_HOLD)
    walk.act(REGISTRANT, "ask_reconsideration", reasons=walk.evidence())
    walk.act(DAVE, "judge_reconsideration", verdict="reverse", reasons=walk.evidence())
    walk.act(LUIS, "confirm_reverse", reasons=walk.evidence())
    registrar(walk, "unhold")
    assert walk.case.state == "deciding"


def registrar(walk: Walk, change: str) -> None:
    """The registrar is asked and does it."""
    effect = walk.id()
    walk.told("effect_asked", effect=effect, change=change)
    walk.told("effect_done", effect=effect, change=change, outcome="applied")


def test_who_investigated_does_not_decide(abuse: CaseType) -> None:
    """Separation of duties by a guard that stood ready, in whatever role they come back."""
    walk = malicious(abuse)
    facts: dict[str, Fact] = {
        "verdict": "deactivation", "basis": "legitimate_interest", "reasons": walk.evidence(),
    }  # fmt: skip
    both = walks.staff("iris", StaffRole.INVESTIGATOR, StaffRole.DECIDER)
    assert walk.refused(both, "propose_deactivation", **facts).lacking == ("not_role:investigator",)


def test_a_site_that_was_broken_into_is_warned(abuse: CaseType) -> None:
    """By a notice of its own; the verdict keeps it from a decision."""
    walk = walks.admitted(walks.opened(abuse, fields=()))
    walk.act(IRIS, "investigate", kind="malware", capture=walk.evidence("capture"))
    facts: dict[str, Fact] = {
        "verdict": "compromised", "kind": "malware", "reasons": walk.evidence(),
    }  # fmt: skip
    assert walk.refused(IRIS, "find_malicious", **facts).lacking == ("verdict:malicious",)
    walk.act(HANS, "warn")
    assert walk.case.outcome is Outcome.FORWARD_ONLY
    assert "n3_abuse_warning" in {one.template for one in walk.case.notices.values()}


def test_a_report_without_abuse_is_refused(abuse: CaseType) -> None:
    """With one primary reason, and a second look to be asked for."""
    walk = malicious(abuse)
    walk.act(DORA, "refuse", primary="pretextual", reasons=walk.evidence()).due("reconsider")
    assert walk.case.outcome is Outcome.REFUSE


def test_no_act_discloses_in_a_type_that_gives_nothing(abuse: CaseType) -> None:
    """Its table has no such order, and no class of fields."""
    assert {one.order for one in abuse.acts} <= {None, OrderKind.DEACTIVATE}
    assert not abuse.may_disclose


def test_it_is_drawn_and_counted_as_any_other(tables: Tables) -> None:
    """The page has its diagram and its period, the office its limit and its notice."""
    page = case_diagram.page([tables.types[ABUSE]], tables.limits)
    assert "find_malicious (investigator)" in page
    assert "24 hours" in page
    assert tables.templates["n3_abuse_warning"].to == "registrant"
