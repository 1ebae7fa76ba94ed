"""Rounds of deliveries against an oracle: each name's events arrive in order, and none is lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from proxy.model.event import Event, EventData
from proxy.model.identifiers import DomainName, RegistrationId, TenantId
from proxy.model.journal import JournalPosition
from proxy.model.webhook import HookState, Letter, LetterChange, Taken, Tried, Webhook, WebhookId
from proxy.rules import webhook_retries, webhook_rounds

NOW = datetime(2026, 11, 1, tzinfo=UTC)
NAMES = ("a.example", "b.example", "c.example")
PAGE = 4
ANSWERS = {
    "ok": Tried(taken=Taken.DELIVERED),
    "no": Tried(taken=Taken.REFUSED, reason="http_500"),
    "away": Tried(taken=Taken.AWAY, reason="timeout"),
}
HOOK = Webhook(
    id=WebhookId(UUID(int=1)),
    tenant_id=TenantId(UUID(int=2)),
    url="https://registrar.example/",
    reseller=None,
    state=HookState.ON,
    secret_version=1,
    former_until=None,
    position=JournalPosition(epoch=1, pos=0),
    failing_since=None,
    reason="",
    next_try=NOW,
    created_at=NOW,
)


def event(pos: int, name: str) -> Event:
    """An event at a position."""
    data = EventData(registration="r", domain=name, revision=pos, state="active", mode="proxy")
    return Event(
        id=UUID(int=pos),
        kind="registration.changed",
        registration_id=RegistrationId(UUID(int=9)),
        domain=DomainName(name),
        data=data,
        at=NOW,
        pos=pos,
    )


class Model:
    """An endpoint, the rows that stand for it, and everything that it took."""

    def __init__(self, events: list[Event]) -> None:
        self.events = events
        self.hook = HOOK
        self.letters: dict[int, LetterChange] = {}
        self.taken: list[Event] = []

    def round(self, answers: list[str], now: datetime) -> bool:
        """One round with these answers, repeated; whether anything is left to do."""
        living = {pos: one for pos, one in self.letters.items() if one.dead_at is None}
        first = {one.domain: one for _, one in sorted(living.items(), reverse=True)}
        due = [
            Letter(event=self.events[one.pos - 1], tries=one.tries, reason=one.reason)
            for one in sorted(first.values(), key=lambda each: each.pos)
            if one.next_try <= now
        ]
        after = [one for one in self.events if one.pos > self.hook.position.pos]
        page = after[:PAGE]
        last = page[-1].pos if len(after) > PAGE else len(self.events)
        made = webhook_rounds.plan(
            due,
            page,
            frozenset(one.domain for one in living.values()),
            end=JournalPosition(epoch=1, pos=last),
        )
        came: dict[int, Tried] = {}
        for number, chain in enumerate(made.chains):
            if any(one.taken is Taken.AWAY for one in came.values()):
                break
            for step, one in enumerate(chain):
                tried = ANSWERS[answers[(number + step) % len(answers)]]
                came[one.pos] = tried
                if tried.taken is not Taken.DELIVERED:
                    break
                self.taken.append(one)
        done = webhook_rounds.settle(self.hook, made, came, now)
        for change in done.letters:
            if change.is_delivered:
                del self.letters[change.pos]
            else:
                self.letters[change.pos] = change
        self.hook = replace(self.hook, position=done.position, failing_since=done.failing_since)
        return bool(after) or bool(living)


@given(
    st.lists(st.sampled_from(NAMES), max_size=14),
    st.lists(st.lists(st.sampled_from(list(ANSWERS)), min_size=1, max_size=4), max_size=12),
)
def test_names_stay_in_order_and_nothing_is_lost(
    names: list[str], answers: list[list[str]]
) -> None:
    """Whatever an endpoint answers, when it takes all again it has had all that is not dead."""
    events = [event(number + 1, name) for number, name in enumerate(names)]
    model = Model(events)
    now = NOW
    for several in answers:
        model.round(several, now)
        now += timedelta(days=2)
    for _ in range(60):
        if not model.round(["ok"], now):
            break
        now += timedelta(hours=1)
    dead = {pos for pos, one in model.letters.items() if one.dead_at is not None}
    assert {one.pos for one in model.taken} | dead == {one.pos for one in events}
    assert not dead or len(answers) >= webhook_retries.MOST_TRIES
    for name in NAMES:
        firsts = list(dict.fromkeys(one.pos for one in model.taken if one.domain == name))
        assert firsts == sorted(firsts)


@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=14))
def test_an_endpoint_that_is_away_loses_and_skips_nothing(names: list[str]) -> None:
    """Its place stays, no event becomes a letter, and the waits grow to an hour."""
    model = Model([event(number + 1, name) for number, name in enumerate(names)])
    for hours in range(200):
        model.round(["away"], NOW + timedelta(hours=hours))
    assert model.hook.position.pos == 0
    assert not model.letters
    assert model.hook.failing_since == NOW


def test_retries_of_an_endpoint_grow_to_an_hour() -> None:
    """As long again as it has failed: never under 5 seconds, never over an hour."""
    waits = [
        webhook_retries.endpoint_again(NOW, NOW + timedelta(seconds=failed)) - NOW
        for failed in (0, 60, 86_400)
    ]
    assert [wait.total_seconds() for wait in waits] == [5, 120, 90_000]


def test_an_event_is_given_up_after_two_days() -> None:
    """The last of its tries is between one and three days after the first."""
    now, tries = NOW, 1
    while (again := webhook_retries.letter_again(tries, now)) is not None:
        assert again > now
        now, tries = again, tries + 1
    assert tries == webhook_retries.MOST_TRIES
    assert timedelta(days=1) < now - NOW < timedelta(days=3)


@given(st.integers(min_value=100, max_value=599))
def test_each_status_means_one_thing(status: int) -> None:
    """2xx is taken, 410 is the end, a host that is busy or away waits, anything else is refused."""
    meant = webhook_retries.outcome(status).taken
    assert (meant is Taken.DELIVERED) == (200 <= status < 300)
    assert (meant is Taken.GONE) == (status == 410)
    assert (meant is Taken.AWAY) == (status in {408, 425, 429, 502, 503, 504})
