"""Frames on the vault's sockets: four octets of length, then one JSON object. Pure.

Requests are a closed type; anything else is InvalidInput, whatever the bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from typing_extensions import override

from proxy.errors import InvalidInput

LENGTH_OCTETS = 4
REQUEST_LIMIT_OCTETS = 262_144  # a roster of some hundred members; bounds a caller's memory
ANSWER_LIMIT_OCTETS = 4 << 20  # a page of rosters with their signatures

Value = str | int | float | bool | None | Sequence["Value"] | Mapping[str, "Value"]
Answer = Mapping[str, Value]


class _Request(
    msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, tag_field="command"
):
    """A request; its class says what is asked, by the member `command`."""

    @override
    def __repr__(self) -> str:
        """Never what it carries: a signed search holds a value of a person."""
        return f"<{type(self).__name__}>"


class Status(_Request, tag="status", frozen=True):
    """Keys, adoption, ledger: numbers."""


class Rotate(_Request, tag="rotate", frozen=True):
    """Begin or follow a rotation of keys."""

    compromised: bool = False  # encrypt anew
    new_root: bool = False  # a new root key as well


class Retry(_Request, tag="retry", frozen=True):
    """Try failed adoptions again."""


class Check(_Request, tag="check", frozen=True):
    """Open records and count those that do not."""

    everything: bool = False  # all records, not a sample


class Prove(_Request, tag="prove", frozen=True):
    """The proof that an entry is in the ledger."""

    entry: str


class Signature(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One person's signature: an armoured SSH signature, or a passkey's assertion as JSON."""

    person: str
    key: str  # the key's id, SHA256:...
    signature: str


class ShowRoster(_Request, tag="show_roster", frozen=True):
    """The rosters announced after a version, oldest first, a page of them."""

    after: int = 0


class SubmitRoster(_Request, tag="submit_roster", frozen=True):
    """A genesis or a successor with its signatures."""

    document: str
    signatures: tuple[Signature, ...]


class ObjectToRoster(_Request, tag="object_to_roster", frozen=True):
    """A member's signed no to the roster that waits."""

    sha256: str
    signature: Signature


class SubmitOrder(_Request, tag="submit_order", frozen=True):
    """An order to be voted on."""

    document: str


class ListOrders(_Request, tag="list_orders", frozen=True):
    """The newest orders and where they stand."""


class ShowOrder(_Request, tag="show_order", frozen=True):
    """An order, its nonce, and where it stands."""

    order: str


class Vote(_Request, tag="vote", frozen=True):
    """An approver's vote for an order."""

    order: str
    signature: Signature


class ObjectToOrder(_Request, tag="object_to_order", frozen=True):
    """A member's signed no to an order."""

    order: str
    signature: Signature


class ShowRegistrarKeys(_Request, tag="show_registrar_keys", frozen=True):
    """A registrar's key in force and one that waits: public halves."""

    tenant: str


class RevokeKey(_Request, tag="revoke_key", frozen=True):
    """A member's signed end of the key that an order gave a registrar."""

    order: str
    signature: Signature


class CarryOut(_Request, tag="carry_out", frozen=True):
    """Do what an order says, if its votes allow it."""

    order: str


class ProposeAnchor(_Request, tag="propose_anchor", frozen=True):
    """What the database comes to while the state is lost, as a document to be signed."""

    reason: str
    roster: str = ""  # the roster's document, if the database has it no more
    checkpoint: str = ""  # a signed note that must be led to
    accept_loss: bool = False  # if it is not led to


class SubmitAnchor(_Request, tag="submit_anchor", frozen=True):
    """A signed anchor. Signatures are armoured and detached; whose they are their keys tell."""

    document: str
    signatures: tuple[str, ...]
    roster: str = ""


class Relay(_Request, tag="relay", frozen=True):
    """The address behind an alias, sealed to the relay's key, for one message."""

    alias: str
    message: str


class Search(_Request, tag="search", frozen=True):
    """Registrations of one tenant that share a value, asked for by a member of staff."""

    document: str
    signature: Signature


class ShowAgent(_Request, tag="show_agent", frozen=True):
    """An escrow agent of the roster in force: its key, host and deposits a day."""

    agent: str


class BeginDeposit(_Request, tag="begin_deposit", frozen=True):
    """A deposit of one tenant: how many records, their root, and for which agent."""

    run: str
    tenant: str
    agent: str
    fingerprint: str
    records: int
    root: str


class DepositKeys(_Request, tag="deposit_keys", frozen=True):
    """The data keys of the next records of a deposit, in the order of its root."""

    run: str
    names: tuple[str, ...]  # tenant/registration/class/version/SHA-256 of the record, in hex


class EndDeposit(_Request, tag="end_deposit", frozen=True):
    """A deposit's end: whether what was opened is what was announced."""

    run: str


class CountPeople(_Request, tag="count_people", frozen=True):
    """How many people of a tenant the vault knows by its own state, whatever rows there are."""

    tenant: str


class AreErased(_Request, tag="are_erased", frozen=True):
    """Of which registrations of a tenant the vault erased the person; 1000 at most."""

    tenant: str
    registrations: tuple[str, ...]


class DescribeCase(_Request, tag="describe_case", frozen=True):
    """What an order of a case has to name: its newest event, overlays, the newest record."""

    case: str


class PlaceHold(_Request, tag="place_hold", frozen=True):
    """From now on nothing of a registration is erased, because of a case; one person may do it."""

    tenant: str
    registration: str
    case: str


class ReadEvidence(_Request, tag="read_evidence", frozen=True):
    """A file of a case, asked for by a member of staff, sealed to a key of their own machine."""

    document: str
    signature: Signature


class Match(_Request, tag="match", frozen=True):
    """Whether a registration's contacts hold a value, asked for by a member of staff."""

    document: str
    signature: Signature


class Notice(_Request, tag="notice", frozen=True):
    """The address of a case's registrant or requester, sealed to the relay, for one notice.

    With a purpose a single-use token for a link is sealed along with it.
    """

    case: str
    notice: str
    to: str
    purpose: str = ""
    subject: str = ""  # of a package's link: the package


class Letter(_Request, tag="letter", frozen=True):
    """The address of a registration's registrant, sealed to the relay, for one letter.

    The token of its link is sealed along with it.
    """

    tenant: str
    registration: str
    kind: str
    notice: str


class UseToken(_Request, tag="use_token", frozen=True):
    """What a token out of a notice is good for; it is good once, and gives a session.

    A step-up's token raises the session that is named beside it. A letter's token gives none: with
    the deed that its page promised it is done, and with none or another nothing is.
    """

    token: str
    session: str = ""
    deed: str = ""


class ShowSession(_Request, tag="show_session", frozen=True):
    """What a session that a token gave is for, and whether it still holds."""

    session: str


class ShowOwn(_Request, tag="show_own", frozen=True):
    """What we hold of a registrant, masked, for their own session."""

    session: str


class ShowClaim(_Request, tag="show_claim", frozen=True):
    """What a registrant is asked to answer: the claim of their case, for their own session."""

    session: str


class PassPhrase(_Request, tag="pass_phrase", frozen=True):
    """The pass-phrase of a package, for its releaser alone, sealed to a key of theirs; once."""

    document: str
    signature: Signature


class ReadBack(_Request, tag="read_back", frozen=True):
    """Contacts of a registrar's own customer, asked for by the registrar, sealed to its key."""

    document: str
    signature: str  # base64


class Find(_Request, tag="find", frozen=True):
    """A registrar's own registrations that hold a value, asked for by the registrar."""

    document: str
    signature: str  # base64


class Instruct(_Request, tag="instruct", frozen=True):
    """Fields to be published, by a registrar's signature; nothing is shown by it yet."""

    document: str
    signature: str  # base64


class Publish(_Request, tag="publish", frozen=True):
    """Where an instruction stands, and its fields once their time has come."""

    tenant: str
    registration: str
    instruction: str


class EndPublication(_Request, tag="end_publication", frozen=True):
    """An instruction is over; `standing` says why."""

    tenant: str
    registration: str
    instruction: str
    standing: str


class ShowPublication(_Request, tag="show_publication", frozen=True):
    """Where an instruction stands; nothing of it is opened or ended."""

    tenant: str
    registration: str
    instruction: str


class ShowObjections(_Request, tag="show_objections", frozen=True):
    """Publications to which registrants said no, until each is taken."""


Request = (
    Status | Rotate | Retry | Check | Prove
    | ShowRoster | SubmitRoster | ObjectToRoster
    | SubmitOrder | ListOrders | ShowOrder | Vote | ObjectToOrder | RevokeKey | CarryOut
    | ShowRegistrarKeys
    | ProposeAnchor | SubmitAnchor
    | Relay | Search | ShowAgent | BeginDeposit | DepositKeys | EndDeposit
    | CountPeople | AreErased
    | DescribeCase | PlaceHold | ReadEvidence | Match | Notice | Letter
    | UseToken | ShowSession | ShowOwn | ShowClaim | PassPhrase | ReadBack | Find
    | Instruct | Publish | EndPublication | ShowPublication | ShowObjections
)  # fmt: skip
"""What may be asked of the vault; grants.py says by whom."""


_REQUEST: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_ANSWER = msgspec.json.Decoder(dict)


def length(prefix: bytes, limit_octets: int) -> int:
    """How many octets follow; InvalidInput `frame_length` unless 1 to the limit."""
    if len(prefix) != LENGTH_OCTETS or not 1 <= int.from_bytes(prefix) <= limit_octets:
        raise InvalidInput("frame_length", "A frame has an impossible length.")
    return int.from_bytes(prefix)


def render(message: Request | Answer) -> bytes:
    """The frame of a request or an answer."""
    body = msgspec.json.encode(message)
    return len(body).to_bytes(LENGTH_OCTETS) + body


def parse_request(body: bytes) -> Request:
    """The request; InvalidInput `frame_malformed` for anything else."""
    try:
        return _REQUEST.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("frame_malformed", "The vault does not know this request.") from None


def parse_answer(body: bytes) -> Answer:
    """The answer; InvalidInput `frame_malformed` for anything else."""
    try:
        found: Answer = _ANSWER.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        raise InvalidInput("frame_malformed", "The vault's answer can not be read.") from None
    return found
