"""The reference adapter passes the conformance suite, and its registrar is a registrar."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from proxy.model.registrar import Declined, Outcome, Reason
from registrar_adapters import statuses
from registrar_adapters.reference import ReferenceAdapter
from registrar_adapters.reference_registrar import Fault, Held, ReferenceRegistrar
from tests.adapters import bench as on
from tests.adapters import conformance
from tests.adapters.reference_bench import (
    CREDENTIAL,
    NOW,
    OURS,
    FakeClock,
    ReferenceBench,
    a_credential,
)


@pytest.mark.parametrize("name", conformance.RULES)
async def test_reference_conforms(name: str) -> None:
    """Every rule of the suite holds for the reference adapter; none is skipped."""
    bench = ReferenceBench()
    assert name in conformance.names_for(bench)
    await conformance.RULES[name].rule(bench)


class Thin(ReferenceAdapter):
    """An adapter to a registry with minimum data."""

    contact_roles = frozenset()


def thin_bench() -> ReferenceBench:
    """A bench of it."""
    bench = ReferenceBench(Thin)
    bench.traits = replace(bench.traits, holds_contacts=False, has_handles=False)
    return bench


@pytest.mark.parametrize("name", conformance.names_for(thin_bench()))
async def test_an_adapter_without_contacts_conforms(name: str) -> None:
    """The suite suits a registry that holds no contacts: rules that need them are left out."""
    await conformance.RULES[name].rule(thin_bench())


async def test_commands_are_counted_over_a_minute() -> None:
    """Past the limit the registrar names the seconds to wait, and takes commands after them."""
    clock = FakeClock()
    there = ReferenceRegistrar(clock, {CREDENTIAL: OURS}, most_commands=3)
    held = Held(sponsor=OURS, statuses=on.NONE, contacts={}, expires_at=NOW)
    there.add(on.NAME, held, {})
    adapter = ReferenceAdapter(there, a_credential)
    assert (await adapter.hold(on.effect(1))).outcome is Outcome.APPLIED
    clock.at += timedelta(seconds=20)
    await adapter.read(on.NAME)
    refused = await adapter.unhold(on.effect(2, on.HOLD), on.OK)
    assert refused.declined == Declined(reason=Reason.RATE_LIMITED, retry_after_s=40)
    clock.at += timedelta(seconds=40)
    assert (await adapter.unhold(on.effect(2, on.HOLD), on.OK)).outcome is Outcome.APPLIED


async def test_two_effects_at_once_both_stand() -> None:
    """Commands that meet on one name do not overwrite each other."""
    bench = ReferenceBench()
    bench.plant(on.UPDATE)
    acts = (on.HOLDING, on.MASKING)
    answers = await asyncio.gather(
        *(on.until_final(bench, act, on.effect(n, on.UPDATE)) for n, act in enumerate(acts))
    )
    assert all(map(on.stands, answers))
    assert bench.sight().statuses == on.HOLD | on.UPDATE
    assert bench.sight().contacts == on.MASKING.outcome().contacts


async def test_a_case_that_begins_behind_the_look_is_seen() -> None:
    """A UDRP case opened between the look and the command: the command does not pass."""
    bench = ReferenceBench()

    def fault(command: str) -> Fault | None:
        if command == "update" and not there.names[on.NAME].is_disputed:
            there.dispute(on.NAME, is_open=True)
        return None

    there = ReferenceRegistrar(FakeClock(), {CREDENTIAL: OURS}, fault=fault)
    bench.plant(on.NONE)
    there.add(on.NAME, bench.there.names[on.NAME], {on.OLD: on.PERSON})
    answer = await ReferenceAdapter(there, a_credential).hold(on.effect(1))
    assert on.is_refusal(answer, Reason.LOCKED_UDRP)
    assert there.names[on.NAME].statuses == on.NONE
    assert there.updates == 0


async def test_a_mask_that_nobody_wears_is_deleted() -> None:
    """A contact object made for us goes with its last name; the registrar's own stays."""
    bench = ReferenceBench()
    bench.plant(on.NONE)
    await on.MASKING.ask(bench.registrar(), on.effect(1))
    assert set(bench.there.contacts.values()) == {on.PERSON, on.MASK_SHOWN}
    await bench.registrar().restore(on.effect(2), on.MASKED_ROLES, on.OLD)
    assert set(bench.there.contacts.values()) == {on.PERSON}


@pytest.mark.parametrize(
    ("present", "is_clash"),
    [
        ({"ok"}, False),
        ({"ok", "clientHold"}, True),
        ({"clientHold", "serverHold", "clientTransferProhibited"}, False),
        ({"pendingDelete", "clientDeleteProhibited"}, True),
        ({"pendingDelete", "serverDeleteProhibited"}, True),
        ({"pendingDelete", "clientUpdateProhibited"}, False),
        ({"pendingTransfer", "serverTransferProhibited"}, True),
        ({"pendingUpdate", "clientUpdateProhibited"}, True),
        ({"pendingRenew", "clientRenewProhibited"}, True),
        ({"pendingRenew", "pendingTransfer"}, True),
        ({"pendingRestore", "pendingDelete"}, False),
    ],
)
def test_statuses_exclude_each_other_as_the_standard_says(
    present: set[str], *, is_clash: bool
) -> None:
    """The combinations that RFC 5731 section 2.3 forbids, and some that it does not."""
    assert statuses.clash(frozenset(present)) is is_clash
