"""What staff send about cases, and what they are shown. Shapes alone; no shape prints a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from typing_extensions import override

if TYPE_CHECKING:
    from proxy.model.case_type import Act

_Code = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
_Fact = str | int | bool | tuple[str, ...]


class _Body(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """What is sent."""

    @override
    def __repr__(self) -> str:
        return type(self).__name__


class Requester(_Body, frozen=True, kw_only=True):
    """Who asks: sealed at once, and read by the vault alone."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=255)]
    email: Annotated[str, msgspec.Meta(min_length=3, max_length=254)]
    organization: Annotated[str, msgspec.Meta(max_length=255)] = ""
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""


class NewCase(_Body, frozen=True, kw_only=True):
    """A request, as it came in."""

    id: Annotated[str, msgspec.Meta(max_length=36)] = ""  # the sender's own, a random UUID
    type: _Code
    domain: Annotated[str, msgspec.Meta(max_length=255)]
    received_at: str
    event_date: str = ""  # RFC 3339; without it the moment it was received
    channel: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,32}\Z")]
    country: Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2})?\Z")] = ""
    requester_class: Annotated[str, msgspec.Meta(pattern=r"^[a-z_]{1,32}\Z")]
    fields: tuple[str, ...]
    items: tuple[str, ...] = ()
    requester: Requester
    log_as_it_came: bool = False


class DoAct(_Body, frozen=True, kw_only=True):
    """An act with its facts; `seq` is the event that the actor saw last."""

    facts: dict[str, _Fact] = {}
    seq: int | None = None


class NewText(_Body, frozen=True, kw_only=True):
    """What somebody wrote: kept as evidence, sealed."""

    kind: _Code
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=60_000)]


class Assign(_Body, frozen=True, kw_only=True):
    """Who handles a case."""

    person: _Code


class Pause(_Body, frozen=True, kw_only=True):
    """A deadline stands still."""

    reason: _Code
    ends_by: str


class Resume(_Body, frozen=True, kw_only=True):
    """A deadline runs on."""

    reason: _Code


class Extend(_Body, frozen=True, kw_only=True):
    """A deadline gets more of its unit; those concerned were told at `noticed_at`."""

    reason: _Code
    amount: Annotated[int, msgspec.Meta(ge=1, le=1_000)]
    noticed_at: str


class Signed(_Body, frozen=True, kw_only=True):
    """A document that a member of the roster signed on their own machine."""

    document: Annotated[str, msgspec.Meta(max_length=8_192)]
    person: _Code
    key: Annotated[str, msgspec.Meta(max_length=64)]
    signature: Annotated[str, msgspec.Meta(max_length=16_384)]


class Conflicted(msgspec.Struct, frozen=True):
    """Who keeps away from a case."""

    case: str
    person: str


class Added(msgspec.Struct, frozen=True):
    """Evidence that was kept."""

    evidence: str
    sha256: str
    octets: int


class Listed(msgspec.Struct, frozen=True):
    """A case in a list."""

    id: str
    type: str
    domain: str
    state: str
    handler: str
    opened_at: str
    touched_at: str


class Task(msgspec.Struct, frozen=True):
    """Something to do."""

    id: str
    case: str
    kind: str
    role: str
    due_at: str | None
    domain: str = ""
    state: str = ""


class Option(msgspec.Struct, frozen=True):
    """An act that the one who looks could do now."""

    act: str
    says: str
    to: str
    facts: tuple[str, ...]  # "name kind", with a ? where it may be absent


def option(act: Act) -> Option:
    """An act as one who could do it sees it."""
    return Option(
        act=act.id,
        says=act.says,
        to=act.to,
        facts=tuple(
            f"{one.name}{'' if one.is_required else '?'} {one.kind.value}"
            f"{' ' + '|'.join(one.choices) if one.choices else ''}"
            for one in act.facts
        ),
    )


class NotYet(msgspec.Struct, frozen=True):
    """An act that the one who looks would do here, and what is lacking for it."""

    act: str
    lacks: tuple[str, ...]


class Deadline(msgspec.Struct, frozen=True):
    """A deadline of a case."""

    name: str
    round: int
    whose: str  # our duty, or their window
    due_at: str
    is_due: bool
    is_over: bool
    paused_until: str | None
    then: tuple[str, ...]  # the act of the timer at its end, or the tasks that it opens


class Evidence(msgspec.Struct, frozen=True):
    """What lies in a case; its bytes are read by `case read` alone."""

    id: str
    kind: str
    media_type: str
    octets: int
    sha256: str
    by: str
    at: str


class Notice(msgspec.Struct, frozen=True):
    """A notice and where it is."""

    id: str
    template: str
    to: str
    standing: str
    queued_at: str
    delivered_at: str | None
    bounced_at: str | None


class Event(msgspec.Struct, frozen=True):
    """A step of a case."""

    seq: int
    at: str
    actor: str
    role: str
    act: str
    facts: dict[str, Any]


class ShownCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case, whole."""

    id: str
    type: str
    title: str
    domain: str
    event_date: str
    state: str
    says: str
    is_open: bool
    outcome: str
    handler: str
    overlays: tuple[str, ...]
    seq: int
    missing: tuple[str, ...]
    fields_asked: tuple[str, ...]
    options: tuple[Option, ...]
    not_yet: tuple[NotYet, ...]
    deadlines: tuple[Deadline, ...]
    tasks: tuple[Task, ...]
    evidence: tuple[Evidence, ...]
    notices: tuple[Notice, ...]
    events: tuple[Event, ...]
