"""The steps of a verification, and what the vault keeps of mailboxes."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from proxy.model.case import NoticeId
from proxy.model.identifiers import DomainName, RegistrationId
from proxy.model.notice import NoticeStanding
from proxy.model.verification import REMIND, TERM, Sending, Standing, Verification, Waiting
from proxy.rules import verifying
from proxy.rules.verifying import Act
from proxy.vault.mailboxes import Mailboxes
from tests.support import vault as vaults

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = vaults.START
PERSON, OTHER = vaults.TENANT.bytes + bytes(16), vaults.TENANT.bytes + bytes([1]) * 16
TOKEN, NEW = b"t" * 16, b"n" * 16


def waiting(standing: Standing = Standing.ASKED, **changes: object) -> Waiting:
    """One whose letter is delivered and unanswered."""
    now = Verification(
        record_version=1, standing=standing, asked_at=NOW, due_at=NOW + TERM,
        verified_at=NOW if standing is Standing.VERIFIED else None, settled_at=None, reason="",
    )  # fmt: skip
    whole = Waiting(
        tenant_id=vaults.TENANT, registration_id=RegistrationId(uuid4()),
        domain=DomainName("kaveri.example"), now=now, is_on=True, notice_id=NoticeId(uuid4()),
        reminder_id=None, first=sending(), second=None,
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type] # the fields of a Waiting


def sending(standing: NoticeStanding = NoticeStanding.DELIVERED, **changes: object) -> Sending:
    """A letter on its way."""
    whole = Sending(standing=standing, reason="", bounced_at=None, acknowledged_at=None)
    return replace(whole, **changes)  # type: ignore[arg-type] # the fields of a Sending


def test_the_days_of_an_unanswered_letter() -> None:
    """Asked at once, reminded on day ten, over on day fifteen; each moment to the second."""
    first = waiting(notice_id=None, first=None)
    assert verifying.decide(first, NOW).act is Act.ASK
    one, second = waiting(), timedelta(seconds=1)
    assert verifying.decide(one, NOW + REMIND - second).act is Act.WAIT
    assert verifying.decide(one, NOW + REMIND).act is Act.REMIND
    reminded = replace(one, reminder_id=NoticeId(uuid4()), second=sending())
    assert verifying.decide(reminded, NOW + TERM - second).act is Act.WAIT
    over = verifying.decide(reminded, NOW + TERM)
    assert (over.act, over.standing, over.look_at) == (Act.SETTLE, Standing.OVERDUE, None)


@pytest.mark.parametrize("standing", Standing)
def test_an_answer_counts_whenever_it_comes(standing: Standing) -> None:
    """Whatever was thought before; and once it counts, nothing else is done."""
    at = NOW + timedelta(days=40)
    one = waiting(standing, first=sending(acknowledged_at=at))
    step = verifying.decide(one, at)
    if standing is Standing.VERIFIED:
        assert step.act is Act.WAIT
    else:
        assert (step.standing, step.verified_at, step.reason) == (Standing.VERIFIED, at, "link")


def test_a_first_letter_that_still_waits_needs_no_reminder() -> None:
    """Nor one that waits for another name's answer."""
    late = NOW + REMIND
    for standing in (NoticeStanding.QUEUED, NoticeStanding.SENDING, NoticeStanding.WITHHELD):
        assert verifying.decide(waiting(first=sending(standing)), late).act is Act.WAIT


def test_a_bounce_is_told_but_not_a_silence() -> None:
    """Of the reminder as of the first letter."""
    bounced = sending(NoticeStanding.BOUNCED, bounced_at=NOW, reason="smtp_550")
    for one in (waiting(first=bounced), waiting(second=bounced)):
        step = verifying.decide(one, NOW)
        assert (step.standing, step.reason) == (Standing.UNDELIVERABLE, "smtp_550")
    silent = replace(bounced, reason=verifying.UNPROVEN)
    assert verifying.decide(waiting(first=silent), NOW).act is Act.WAIT


def test_what_is_settled_stays_but_for_an_answer() -> None:
    """However often it is looked at, and whatever else its letters say."""
    bounced = sending(NoticeStanding.BOUNCED, bounced_at=NOW, reason="smtp_550")
    settled = [one for one in Standing if one is not Standing.ASKED]
    for standing, days in itertools.product(settled, (0, 11, 16)):
        one = waiting(standing, first=bounced)
        assert verifying.decide(one, NOW + timedelta(days=days)).act is Act.WAIT


@pytest.fixture
def mailboxes(tmp_path: Path) -> Iterator[Mailboxes]:
    """The table of a fresh state."""
    with vaults.opened(tmp_path) as vault:
        yield Mailboxes(vault.state)


def test_a_mailbox_is_asked_once_and_confirmed_by_who_asked(mailboxes: Mailboxes) -> None:
    """A reminder keeps the time; only the version that was written to confirms."""
    mailboxes.ask(PERSON, 1, TOKEN, NOW)
    mailboxes.ask(PERSON, 1, TOKEN, NOW + timedelta(days=1))
    found = mailboxes.find(vaults.TENANT, TOKEN)
    assert found is not None
    assert (found.person, found.asked_at, found.confirmed_at) == (PERSON, NOW, None)
    assert not mailboxes.confirm(PERSON, 2, NOW)
    assert not mailboxes.confirm(OTHER, 1, NOW)
    assert mailboxes.confirm(PERSON, 1, NOW)
    again = mailboxes.find(vaults.TENANT, TOKEN)
    assert again is not None
    assert again.confirmed_at == NOW


def test_another_address_forgets_the_one_before(mailboxes: Mailboxes) -> None:
    """What another name confirmed itself stays; an end of the registration forgets all of it."""
    mailboxes.ask(PERSON, 1, TOKEN, NOW)
    mailboxes.confirm(PERSON, 1, NOW)
    mailboxes.ask(PERSON, 2, NEW, NOW)
    assert mailboxes.find(vaults.TENANT, TOKEN) is None
    assert not mailboxes.confirm(PERSON, 1, NOW)
    mailboxes.ask(OTHER, 1, NEW, NOW)
    mailboxes.confirm(OTHER, 1, NOW)
    mailboxes.drop(PERSON)
    mailboxes.drop(PERSON)
    assert mailboxes.find(vaults.TENANT, NEW) is not None
    mailboxes.forget_others(OTHER, NEW)
    assert mailboxes.find(vaults.TENANT, NEW) is not None
    mailboxes.forget_others(OTHER, TOKEN)
    assert mailboxes.find(vaults.TENANT, NEW) is None
    assert not mailboxes.confirm(PERSON, 2, NOW)
    assert not mailboxes.confirm(OTHER, 1, NOW)
