"""OpenAPI 3.1 of the API, generated from the types that validate and answer.

Made once at the start; must not describe anything that is not served.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from pydantic.json_schema import models_json_schema

from proxy.apps import approvals, problems
from proxy.apps.api import (
    answers,
    feeds,
    headers,
    import_answers,
    patching,
    patterns,
    public_records,
    publications,
    read_back,
    search,
)
from proxy.apps.api.bodies import ImportLine, RegistrationBody
from proxy.model.identifiers import EndReason

_REF: Final = "#/components/schemas/"
_NAME: Final = {
    "name": "domain",
    "in": "path",
    "required": True,
    "schema": {"type": "string", **patterns.DOMAIN_NAME},
}
_ID: Final = {
    "name": "id",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "format": "uuid"},
}
_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": patterns.IDEMPOTENCY_KEY,
    "description": "The same request with the same key happens once; kept for 24 hours. Another "
    "request with it is refused.",
}
_IF_MATCH: Final = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "schema": patterns.ENTITY_TAGS,
    "description": "Entity tags as answered; 412 where the registration has none of them.",
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "enum": ["*"]},
    "description": "Only where there is no live registration; else 412.",
}
_LINE: Final = {"type": "integer", "minimum": 0, "maximum": headers.MAX_LINE}

_LINES: Final = {
    "description": "An ImportLine a line. A line that is none is listed as failed, and the others "
    "are taken: so no text is refused as a whole.",
    "x-item-schema": {"$ref": f"{_REF}ImportLine"},
}


def document(version: str) -> dict[str, Any]:
    """The whole document."""
    _, bodies = models_json_schema(
        [(RegistrationBody, "validation"), (ImportLine, "validation")],
        ref_template=_REF + "{model}",
    )
    taken: dict[str, Any] = patterns.trimmed(bodies["$defs"])
    _, given = msgspec.json.schema_components(
        [
            *answers.TYPES,
            *import_answers.TYPES,
            *read_back.TYPES,
            *publications.TYPES,
            *search.TYPES,
            *feeds.TYPES,
            *approvals.TYPES,
            problems.Problem,
        ],
        ref_template=_REF + "{name}",
    )
    return {
        "openapi": "3.1.0",
        "info": {"title": "Privacy service, registrar API", "version": version},
        "security": [{"key": []}],
        "paths": {**_paths(), **_papers()},
        "components": {
            "schemas": {**taken, **given, "RegistrationPatch": _patch(taken)},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer"}},
        },
    }


def _patch(bodies: dict[str, Any]) -> dict[str, Any]:
    """A registration of which all but what is required may be null, which takes it away."""
    whole = bodies["RegistrationBody"]
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            name: schema if name in whole["required"] else {"anyOf": [schema, {"type": "null"}]}
            for name, schema in whole["properties"].items()
            if name not in patching.NOT_PATCHED
        },
        "if": {"properties": {"holder_change": {"const": True}}, "required": ["holder_change"]},
        "then": {"required": ["contacts"]},
    }


def _paths() -> dict[str, Any]:
    registration = "/v1/registrations/{domain}"
    by_id = "/v1/registrations/id/{id}"
    return {
        registration: {
            "parameters": [_NAME],
            "put": _call(
                "Enrol or replace a registration",
                {"200": "RegistrationAnswer", "201": "RegistrationAnswer"},
                parameters=[_KEY, _IF_MATCH, _IF_NONE_MATCH],
                body=("application/json", "RegistrationBody"),
            ),
            "get": _call("The live registration under a name", {"200": "RegistrationFull"}),
            "delete": _call(
                "End a registration",
                {"202": "RegistrationAnswer"},
                parameters=[_KEY, _IF_MATCH, _reason()],
            ),
            "patch": _call(
                "Change a part (RFC 7396); contacts that are not named stay as they are",
                {"200": "RegistrationAnswer"},
                parameters=[_KEY, _IF_MATCH],
                body=(patching.MEDIA_TYPE, "RegistrationPatch"),
            ),
        },
        f"{registration}/rotate": {
            "parameters": [_NAME],
            "post": _call(
                "Another mask address; the former one takes mail for 30 days yet",
                {"200": "RegistrationAnswer"},
                parameters=[_KEY, _IF_MATCH],
            ),
        },
        f"{registration}/read-back": {
            "parameters": [_NAME],
            "post": _call(
                "The contacts, for who signs with the registrar's key, sealed to it",
                {"200": "ReadBackAnswer"},
                body=("application/json", "ReadBackRequest"),
            ),
        },
        f"{registration}/publish": {
            "parameters": [_NAME],
            "post": _call(
                "Publish fields that were consented to, for who signs with the registrar's key",
                {"202": "PublicationAnswer"},
                body=("application/json", "PublishRequest"),
            ),
        },
        f"{registration}/publication": {
            "parameters": [_NAME],
            "get": _call("Where the newest publication stands", {"200": "PublicationAnswer"}),
            "delete": _call(
                "Withdraw a publication: what it shows is taken off at once",
                {"200": "PublicationAnswer"},
            ),
        },
        f"{registration}/status": {
            "parameters": [_NAME],
            "get": _call("What is observed of a registration", {"200": "StatusAnswer"}),
        },
        by_id: {
            "parameters": [_ID],
            "get": _call("One registration, ended ones too", {"200": "RegistrationFull"}),
        },
        f"{by_id}/status": {
            "parameters": [_ID],
            "get": _call("What is observed of a registration", {"200": "StatusAnswer"}),
        },
        "/v1/registrations": {
            "get": _call(
                "Registrations in id order",
                {"200": "RegistrationList"},
                parameters=[
                    _query("cursor", patterns.CURSOR),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
                    _query("updated_since", {"type": "string", **patterns.DATE_TIME}),
                ],
            )
        },
        "/v1/imports": {
            "post": _call(
                "Enrol or replace many, one JSON object a line",
                {"202": "Accepted"},
                parameters=[
                    _KEY,
                    _query("id", {"type": "string", "format": "uuid"}),
                    _query("after_line", _LINE),
                ],
                body=("application/x-ndjson", ""),
            )
        },
        search.ROUTE: {
            "post": _call(
                "Which names hold a person's value, for who signs with the registrar's key",
                {"200": "SearchAnswer"},
                body=("application/json", "SearchRequest"),
            )
        },
        "/v1/account": {"get": _call("Whose key it is, and what it may", {"200": "AccountAnswer"})},
        "/v1/events": {
            "get": _call(
                "What happened to registrations, in order; 410 where the cursor is too old",
                {"200": "EventList"},
                parameters=[
                    _query("after", patterns.CURSOR),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
                ],
            )
        },
        "/v1/public-records": {
            "get": _call(
                "What is published, or what changed since a cursor: lines, each page's cursor last",
                {"200": "PublicRecordLine"},
                parameters=[_query("after", patterns.FEED_CURSOR)],
                answered=public_records.MEDIA_TYPE,
            )
        },
        "/v1/operations/{id}": {
            "parameters": [_ID],
            "get": _call("How far an import is", {"200": "OperationAnswer"}),
        },
        "/v1/operations/{id}/errors": {
            "parameters": [_ID],
            "get": _call(
                "Lines that failed, by number",
                {"200": "LineProblems"},
                parameters=[
                    _query("after_line", _LINE),
                    _query("limit", {"type": "integer", "minimum": 1, "maximum": 1000}),
                ],
            ),
        },
    }


def _papers() -> dict[str, Any]:
    """The calls of approvers, who need no key: their signatures prove themselves."""
    order, roster = "/v1/orders/{id}", "/v1/rosters/{sha256}"
    digest = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
    named = {"name": "sha256", "in": "path", "required": True, "schema": digest}
    signature = ("application/json", "Signature")
    calls: dict[str, Any] = {
        "/v1/rosters": {
            "get": _call(
                "Rosters and what stands",
                {"200": "RosterPage"},
                parameters=[
                    _query(
                        "after", {"type": "integer", "minimum": 0, "maximum": approvals.MAX_VERSION}
                    )
                ],
            )
        },
        f"{roster}/objections": {
            "parameters": [named],
            "post": _call("Object to the roster that waits", {"200": "Standing"}, body=signature),
        },
        order: {
            "parameters": [_ID],
            "get": _call("An order and where it stands", {"200": "OrderPaper"}),
        },
        f"{order}/votes": {
            "parameters": [_ID],
            "post": _call("Vote for an order", {"200": "OrderPaper"}, body=signature),
        },
        f"{order}/revocations": {
            "parameters": [_ID],
            "post": _call(
                "End the key that an order gave a registrar", {"200": "OrderEnd"}, body=signature
            ),
        },
        f"{order}/objections": {
            "parameters": [_ID],
            "post": _call("Object to an order", {"200": "OrderEnd"}, body=signature),
        },
    }
    for path in calls.values():
        for call in path.values():
            if isinstance(call, dict):
                call["security"] = []
    return calls


def _call(
    summary: str,
    given: dict[str, str],
    *,
    parameters: list[dict[str, Any]] | None = None,
    body: tuple[str, str] | None = None,
    answered: str = "application/json",
) -> dict[str, Any]:
    call: dict[str, Any] = {
        "summary": summary,
        "responses": {
            **{status: _response(name, answered) for status, name in given.items()},
            "default": _response("Problem", problems.CONTENT_TYPE),
        },
    }
    if parameters:
        call["parameters"] = parameters
    if body is not None:
        content = {body[0]: {"schema": {"$ref": _REF + body[1]} if body[1] else _LINES}}
        call["requestBody"] = {"required": True, "content": content}
    return call


def _response(name: str, media_type: str) -> dict[str, Any]:
    return {"description": name, "content": {media_type: {"schema": {"$ref": _REF + name}}}}


def _query(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


def _reason() -> dict[str, Any]:
    words = [
        one.value
        for one in EndReason
        if one not in {EndReason.LAPSED, EndReason.REPLACED}  # ours, not a caller's
    ]
    schema = {"type": "string", "enum": words}
    return {"name": "reason", "in": "query", "required": True, "schema": schema}
