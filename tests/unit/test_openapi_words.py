"""The OpenAPI document's schemas speak JSON Schema, and nothing that generators would pass over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from proxy.apps.api import openapi

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = openapi.document("test")
WORDS = frozenset(
    {
        # JSON Schema 2020-12: core, applicators, validation, annotations; what is used of it
        "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "properties", "items",
        "prefixItems", "additionalProperties", "type", "enum", "const", "required", "minimum",
        "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
        "pattern", "format", "minItems", "maxItems", "uniqueItems", "minProperties",
        "maxProperties", "title", "description", "default", "examples",
        # OpenAPI 3.1 s4.8.24
        "discriminator", "example",
    }
)  # fmt: skip
_NAMED = frozenset({"properties"})  # a schema a name
_LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_ONE = frozenset({"not", "if", "then", "else", "items", "additionalProperties"})


def words(schema: Any) -> Iterator[str]:
    """Every keyword of a schema and of those in it."""
    if not isinstance(schema, dict):
        return
    yield from schema
    for word, value in schema.items():
        inner: list[Any] = []
        if word in _NAMED:
            inner = list(value.values())
        elif word in _LISTS:
            inner = value
        elif word in _ONE:
            inner = [value]
        for one in inner:
            yield from words(one)


def schemas(part: Any) -> Iterator[tuple[str, Any]]:
    """Every schema of the document: the named ones, and those that stand where they are used."""
    yield from part["components"]["schemas"].items()
    pending = [("paths", part["paths"])]
    while pending:
        place, one = pending.pop()
        if isinstance(one, list):
            pending += [(f"{place}[]", each) for each in one]
        elif isinstance(one, dict):
            for name, value in one.items():
                if name == "schema":
                    yield place, value
                else:
                    pending.append((f"{place}/{name}", value))


@pytest.mark.parametrize("name", sorted({name for name, _ in schemas(DOCUMENT)}))
def test_schemas_use_words_of_json_schema(name: str) -> None:
    """A keyword of another vocabulary, such as `ge`, is checked by us and told to nobody."""
    found = {
        word
        for place, schema in schemas(DOCUMENT)
        if place == name
        for word in words(schema)
        if not word.startswith("x-")  # OpenAPI 3.1 s4.9: ours by right
    }
    assert found - WORDS == set()


def test_strange_words_are_found_wherever_they_stand() -> None:
    """The walk above sees into members, items, choices and references between them."""
    for schema in (
        {"ge": 0},
        {"properties": {"a": {"anyOf": [{"type": "null"}, {"ge": 0}]}}},
        {"items": {"additionalProperties": {"if": {"ge": 0}}}},
    ):
        assert "ge" in set(words(schema))


@pytest.mark.parametrize(
    ("body", "member", "least", "most"),
    [
        ("DsBody", "key_tag", 0, 65535),
        ("DsBody", "algorithm", 0, 255),
        ("DsBody", "digest_type", 0, 255),
        ("KeyBody", "flags", 0, 65535),
        ("KeyBody", "algorithm", 0, 255),
    ],
)
def test_numbers_say_their_bounds(body: str, member: str, least: int, most: int) -> None:
    """What is checked of a number stands in the document."""
    found = DOCUMENT["components"]["schemas"][body]["properties"][member]
    assert (found["minimum"], found["maximum"]) == (least, most)
