"""From a team's own TOML file to a roster, and back: what `roster init` and `propose` read.

One file says who decides; the same file, edited, is the next proposal. Keys stand in it as
OpenSSH public key lines, or as names of files beside it (.pub, or a passkey's enrolment in JSON).
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput
from proxy.model import approval_key
from proxy.model.order import OrderKind
from proxy.model.roster import (
    DeploymentId,
    Holder,
    Member,
    Person,
    RelyingParty,
    Roster,
    Rule,
    StaffRole,
)
from proxy.rules import case_orders, orders, reasons, succession
from proxy.rules.casework.fields import FIELD_CLASSES
from proxy.wire import roster_document
from proxy.wire.roster_document import AgentFacts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from proxy.model.approval_key import ApprovalKey

FILE_LIMIT_OCTETS = 131_072
_HOUR_S = 3600

EXAMPLE = """\
# Who decides. Handles are no names: this is shown to strangers and kept for ever.
# Keys are public key lines (ssh-ed25519 AAAA...), or names of files beside this one.
approvals = 2          # members who must sign the next roster; two at the least
delay_hours = 48       # until a new roster is in force; 48 at the least
recovery_days = 7      # until one signed by recovery keys is; 7 at the least

[members.anna]
roles = ["decider", "legal", "on-call"]
keys = ["anna.pub"]

[members.ben]
roles = ["decider", "on-call"]
keys = ["ben.pub"]

[members.chris]
roles = ["dpo", "decider"]
keys = ["chris.pub"]

[members.dora]
roles = ["director"]
keys = ["dora.pub"]

[members.emil]         # reads out pass-phrases and sends packages; never votes on what he releases
roles = ["releaser", "legal"]
keys = ["emil.pub"]

[recovery]             # keys on paper or in safes, for the day when too few members can sign
approvals = 2
holders.safe-one = ["safe-one.pub"]
holders.safe-two = ["safe-two.pub"]

[rules."change agent"] # orders of this kind: how many, of which roles, one of each of these
approvals = 2
voters = ["decider", "legal", "dpo"]
each = []

[rules."registrar key"] # who reads back own customers; a dpo clears it, nobody votes by web
approvals = 2
voters = ["decider", "legal"]
each = ["decider", "legal"]

# Orders of cases. These are the least: a rule may ask for more people or more roles, never for
# fewer. A dpo's clearance comes on top of the approvals; so does one person more where somebody may
# come to harm, and one for a package under a pass-phrase. `fields` is what may leave at the most;
# without it, whatever the case's type allows.
[rules."disclose"]
approvals = 2
voters = ["decider", "legal", "director"]
each = ["decider", "legal"]
fields = ["registrant.name", "registrant.organization", "registrant.street", "registrant.city",
  "registrant.state", "registrant.postal_code", "registrant.country", "registrant.phone",
  "registrant.email"]

[rules."disclose in emergency"]
approvals = 2
voters = ["on-call", "decider", "legal", "director"]
each = ["on-call"]     # both of the pair, on machines of their own

[rules."publish"]
approvals = 3
voters = ["decider", "legal", "director"]
each = ["director", "legal"]

[rules."release privacy"]
approvals = 2
voters = ["decider", "legal", "director"]

[rules."deactivate"]
approvals = 2
voters = ["decider", "legal", "director"]

[rules."lift hold"]
approvals = 2
voters = ["decider", "legal", "director"]
each = ["legal"]

[rules."gag"]
approvals = 2
voters = ["decider", "legal", "director"]
each = ["legal"]

[rules."lift gag"]
approvals = 2
voters = ["decider", "legal", "director"]
each = ["legal"]

[agents.harbour-escrow]
openpgp = "A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1"
host = "sftp.escrow.example"
port = 22
host_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFerdirJ"
deposits_per_day = 4
# registrars = ["…"]   # ids of those whose deposits it may get; without it, every registrar's

# [relying_party]      # only if some members vote with passkeys: a site for approvals alone
# id = "approvals.registrar.example"
# origins = ["https://approvals.registrar.example"]
"""


class _Struct(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    pass


class _Member(_Struct, frozen=True, kw_only=True):
    roles: tuple[StaffRole, ...]
    keys: tuple[str, ...]


class _Recovery(_Struct, frozen=True, kw_only=True):
    approvals: int = 2
    holders: dict[str, tuple[str, ...]] = {}


class _Rule(_Struct, frozen=True, kw_only=True):
    approvals: int = 2
    voters: tuple[StaffRole, ...]
    each: tuple[StaffRole, ...] = ()
    fields: tuple[str, ...] | None = None


class _Agent(_Struct, frozen=True, kw_only=True):
    openpgp: str
    host: str
    port: int = 22
    host_key: str
    deposits_per_day: int = 4
    registrars: tuple[UUID, ...] = ()


class _Party(_Struct, frozen=True, kw_only=True):
    id: str
    origins: tuple[str, ...]


class _Passkey(_Struct, frozen=True, kw_only=True):
    public: str
    credential: str


class _Draft(_Struct, frozen=True, kw_only=True):
    approvals: int = 2
    delay_hours: Annotated[float, msgspec.Meta(ge=0, le=720)] = 48
    recovery_days: Annotated[float, msgspec.Meta(ge=0, le=30)] = 7
    members: dict[str, _Member]
    recovery: _Recovery = _Recovery()
    rules: dict[OrderKind, _Rule] = {}
    agents: dict[str, _Agent] = {}
    relying_party: _Party | None = None


def first(file: Path, deployment: str, now: datetime, *, is_demo: bool) -> Roster:
    """The first roster that a draft makes; InvalidInput says what is wrong with the file."""
    draft = _read(file)
    return _checked(_roster(draft, file.parent, DeploymentId(deployment), now, is_demo=is_demo))


def successor(file: Path, before: Roster, before_sha256: str, now: datetime) -> Roster:
    """The next roster that a draft makes; agents stay, because orders alone change them."""
    made = _roster(_read(file), file.parent, before.deployment, now, is_demo=before.is_demo)
    return _checked(
        replace(
            made,
            version=before.version + 1,
            previous=before_sha256,
            made_at=max(made.made_at, before.made_at),
            agents=before.agents,
        )
    )


def _read(file: Path) -> _Draft:
    try:
        with file.open("rb") as source:
            text = source.read(FILE_LIMIT_OCTETS).decode()
        return msgspec.convert(tomllib.loads(text), _Draft)
    except OSError as error:
        raise InvalidInput("draft", f"{file} can not be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("draft", f"{file} is not TOML: {error}.") from None
    except msgspec.ValidationError as error:  # names members and types, no values
        raise InvalidInput("draft", f"{file}: {error}.") from None


def _roster(
    draft: _Draft, folder: Path, deployment: DeploymentId, now: datetime, *, is_demo: bool
) -> Roster:
    party = draft.relying_party
    return Roster(
        deployment=deployment,
        version=1,
        previous="",
        made_at=now.replace(microsecond=0),
        is_demo=is_demo,
        delay_s=int(draft.delay_hours * _HOUR_S),
        recovery_delay_s=int(draft.recovery_days * 24 * _HOUR_S),
        approvals=draft.approvals,
        members=tuple(
            Member(
                person=Person(person),
                roles=frozenset(one.roles),
                keys=_keys(one.keys, folder),
            )
            for person, one in sorted(draft.members.items())
        ),
        holders=tuple(
            Holder(person=Person(person), keys=_keys(keys, folder))
            for person, keys in sorted(draft.recovery.holders.items())
        ),
        recovery_approvals=draft.recovery.approvals,
        rules=tuple(
            Rule(
                kind=kind,
                approvals=one.approvals,
                voters=frozenset(one.voters),
                each=tuple(sorted(one.each)),
                fields=_fields(kind, one.fields),
            )
            for kind, one in sorted(draft.rules.items())
        ),
        relying_party=None
        if party is None
        else RelyingParty(id=party.id, origins=tuple(sorted(party.origins))),
        agents=tuple(
            roster_document.agent(
                AgentFacts(
                    id=name,
                    openpgp=one.openpgp.upper(),
                    host=one.host,
                    port=one.port,
                    host_key=" ".join(one.host_key.split()[:2]),
                    deposits_per_day=one.deposits_per_day,
                    registrars=one.registrars,
                )
            )
            for name, one in sorted(draft.agents.items())
        ),
        order="",
    )


def _fields(kind: OrderKind, given: tuple[str, ...] | None) -> frozenset[str]:
    """What orders of a kind may touch: as said, or everything there is."""
    if given is not None:
        return frozenset(given)
    if kind is OrderKind.CHANGE_AGENT:
        return orders.AGENT_FIELDS
    has_fields = kind in case_orders.DISCLOSURES or kind is OrderKind.PUBLISH
    return frozenset(FIELD_CLASSES) if has_fields else frozenset()


def _checked(roster: Roster) -> Roster:
    """The roster as its document says it again; InvalidInput before anybody has signed it."""
    try:
        again = roster_document.parse(roster_document.render(roster))
    except InvalidInput as fault:
        raise InvalidInput(
            fault.code,
            f"The draft does not make a roster: {fault.detail} Handles are up to 32 small"
            " letters, digits and hyphens; an OpenPGP fingerprint has 40 or 64 hex digits.",
        ) from None
    fault_code = succession.unsound(again)
    if fault_code is not None:
        raise InvalidInput(fault_code, reasons.SENTENCES[fault_code])
    return again


def _keys(given: Iterable[str], folder: Path) -> tuple[ApprovalKey, ...]:
    return tuple(sorted((_key(one, folder) for one in given), key=lambda one: one.id))


def _key(given: str, folder: Path) -> ApprovalKey:
    if " " in given:
        return approval_key.parse_public_line(given)
    file = folder / given
    try:
        with file.open("rb") as source:
            content = source.read(FILE_LIMIT_OCTETS)
        text = content.decode()
    except OSError as error:
        raise InvalidInput("draft", f"{file} can not be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput("draft", f"{file} is no public key.") from None
    if "PRIVATE KEY" in text:
        raise InvalidInput("draft", f"{file} is a private key: name its .pub file.")
    if text.lstrip().startswith("{"):
        try:
            found = msgspec.json.decode(content, type=_Passkey)
        except msgspec.MsgspecError:
            raise InvalidInput("draft", f"{file} is no enrolment of a passkey.") from None
        return approval_key.parse_passkey(found.public, found.credential)
    return approval_key.parse_public_line(text)
