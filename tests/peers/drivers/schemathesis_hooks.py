"""What a registrar knows and no JSON Schema can say; schemathesis loads it.

Names and addresses of our own formats, the account's ids, and the rules between one part of a
request and another, or what is there already. Only cases that shall be taken are put right; what
schemathesis spoils on purpose stays as it is.
"""

from __future__ import annotations

import copy
import json
import os
import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import schemathesis
from hypothesis import strategies as st
from schemathesis.generation import GenerationMode

ACCOUNT = json.loads(os.environ["PEER_ACCOUNT"])  # noqa: TID251 - handed on by the test
LABELS = st.from_regex(r"\A[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?\Z")
FOREIGN = st.sampled_from(["bücher", "ελλάδα", "例え", "प्रयोग", "Straße", "xn--bcher-kva"])
TLDS = st.sampled_from(["example", "test", "com", "xn--p1ai", "рф", "DE"])
NAMES = st.one_of(
    st.sampled_from(ACCOUNT["names"]),
    st.builds("{}.{}".format, st.one_of(LABELS, FOREIGN), TLDS),
    st.builds("{}.{}.{}".format, LABELS, FOREIGN, TLDS),
)
LINES = st.lists(
    st.one_of(st.sampled_from([json.dumps(one) for one in ACCOUNT["lines"]]), st.text())
)
LOCAL = st.from_regex(r"\A[a-zA-Z0-9.+_-]{1,30}\Z")
IPV4 = st.ip_addresses(v=4, network="192.0.2.0/24").map(str)
IPV6 = st.ip_addresses(v=6, network="2001:db8::/32").map(str)
schemathesis.openapi.format("domain-name", NAMES)
schemathesis.openapi.format("mailbox", st.builds("{}@{}".format, LOCAL, NAMES))
schemathesis.openapi.format("ipv4", IPV4)  # of those that a name server can have
schemathesis.openapi.format("ipv6", IPV6)
schemathesis.openapi.media_type(
    "application/x-ndjson",
    LINES.map(lambda lines: "\n".join(lines).encode("utf-8", "surrogatepass")),
)


@schemathesis.serializer("application/x-ndjson")
def ndjson(_: Any, value: Any) -> bytes:
    """Lines as they were made; anything else as one line of JSON."""
    return value if isinstance(value, bytes) else json.dumps(value).encode()


@schemathesis.hook
def before_load_schema(_: Any, raw_schema: dict[str, Any]) -> None:
    """The account has one accreditation and one profile; the document is that of every account."""
    schemas = raw_schema["components"]["schemas"]
    for name in ("RegistrationBody", "RegistrationPatch"):
        for member in ("accreditation", "profile"):
            schemas[name]["properties"][member] = {"enum": [ACCOUNT[member], None]}


@schemathesis.hook
def map_case(_: Any, case: schemathesis.Case) -> schemathesis.Case:
    """A case that shall be taken, by the rules between its parts."""
    if case.meta is None or case.meta.generation.mode != GenerationMode.POSITIVE:
        return case
    if case.headers and "Idempotency-Key" in case.headers:
        case.headers["Idempotency-Key"] = uuid.uuid4().hex  # another request wants another key
    if isinstance(case.body, dict) and case.path == "/v1/search":
        case.body = {**case.body, "document": search()}
    elif isinstance(case.body, dict) and case.path.endswith("/publish"):
        case.path_parameters["domain"] = "published.example"
        case.body = {**case.body, "document": publish("published.example")}
    elif isinstance(case.body, dict) and "{domain}" in case.path:
        body = case.body = copy.deepcopy(case.body)
        name = unquote(case.path_parameters["domain"])
        if case.method.upper() == "PUT":
            put(body, name)
        else:
            patch(body, name)
        if isinstance(body.get("contacts"), dict):
            refer(body["contacts"])
    return case


def search() -> str:
    """A search of the account at this moment; nobody has signed it, so the vault says no."""
    facts = {
        "type": "privacyproxy customer search", "v": 1, "deployment": ACCOUNT["deployment"],
        "id": str(uuid.uuid4()), "tenant": ACCOUNT["registrar"], "reseller": "", "field": "email",
        "value": "person@people.example", "limit": 10, "after": "", "reason": "Ticket 17.",
        "at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),  # noqa: TID251 - of the peer
    }  # fmt: skip
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))  # RFC 8785, of ASCII


def publish(name: str) -> str:
    """An instruction about a name that is not there: what fits one that is moves on with it."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")  # noqa: TID251 - of the peer
    consent = {
        "field": "registrant.name", "given_at": now, "method": "email", "evidence": "0" * 64,
        "confirmed": False,
    }  # fmt: skip
    facts = {
        "type": "privacyproxy publish", "v": 1, "deployment": ACCOUNT["deployment"],
        "id": str(uuid.uuid4()), "tenant": ACCOUNT["registrar"], "registration": str(uuid.uuid4()),
        "revision": 1, "domain": name, "fields": ["registrant.name"], "consents": [consent],
        "at": now,
    }  # fmt: skip
    return json.dumps(facts, sort_keys=True, separators=(",", ":"))  # RFC 8785, of ASCII


def is_created(name: str) -> bool:
    """Half of the names have a creation date from their enrolment on, the others never get one."""
    return len(name) % 2 == 1


def put(body: dict[str, Any], name: str) -> None:
    """The name is that of the path, and keeps its creation date once it has one."""
    if is_created(name) != bool(body.get("created_at")):
        day = len(name) % 9 + 1
        body["created_at"] = f"2021-06-0{day}T08:00:00Z" if is_created(name) else None
    body["domain"] = name


def patch(body: dict[str, Any], name: str) -> None:
    """The same; and a mode that shows the person wants the contacts."""
    if not is_created(name) or body.get("created_at", "") is None:
        body.pop("created_at", None)
    if "contacts" not in body:
        body.pop("mode", None)


def refer(contacts: dict[str, Any]) -> None:
    """References lead to a contact that is written out, never in a circle."""
    given = next((one for one in contacts.values() if one and "name" in one), None)
    if "same_as" in contacts["registrant"]:
        contacts["registrant"] = given or {"name": "A Person", "email": "person@people.example"}
    for role in ("admin", "tech", "billing"):
        if contacts.get(role) and "same_as" in contacts[role]:
            contacts[role]["same_as"] = "registrant"
