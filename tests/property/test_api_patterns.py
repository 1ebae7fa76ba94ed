"""The patterns of the OpenAPI document against the checks: neither says what the other does not."""

from __future__ import annotations

import base64
import contextlib
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from proxy.apps.api import bodies, fields, headers, openapi, patterns
from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable

SOME = st.text(alphabet='ab0-_.@"W/,* \t\u3002\u00e9\u0416\u4f8b\u00ad', max_size=24)
ANY = st.one_of(SOME, st.text(max_size=24))

CONTACT = openapi.document("1")["components"]["schemas"]["ContactGiven"]["properties"]


def is_told(schema: dict[str, Any], text: str) -> bool:
    """Whether the document takes a text."""
    if "anyOf" in schema:
        return any(is_told(one, text) for one in schema["anyOf"])
    if text not in schema.get("enum", (text,)):
        return False
    fits = schema.get("minLength", 0) <= len(text) <= schema.get("maxLength", len(text))
    return fits and re.search(schema.get("pattern", ""), text) is not None


def is_taken(check: Callable[[str], object], text: str) -> bool:
    """Whether a check takes it."""
    try:
        check(text)
    except (InvalidInput, PydanticCustomError, ValidationError):
        return False
    return True


def tags(text: str) -> None:
    """The check of If-Match; HTTP takes off the white space around it."""
    headers.parse_precondition({"If-Match": text})


@given(st.one_of(ANY, st.from_regex(patterns.IDEMPOTENCY_KEY["pattern"], fullmatch=True)))
def test_an_idempotency_key_is_what_the_document_says(text: str) -> None:
    """The document and the check take the same keys, quoted or not."""
    key = text.strip()
    taken = is_taken(lambda one: headers.parse_idempotency_key({"Idempotency-Key": one}), key)
    assert is_told(patterns.IDEMPOTENCY_KEY, key) == taken


@given(st.one_of(ANY, st.from_regex(patterns.ENTITY_TAGS["anyOf"][1]["pattern"], fullmatch=True)))
def test_if_match_is_what_the_document_says(text: str) -> None:
    """The document and the check take the same tags; of an empty list neither knows."""
    given_tags = text.strip(" \t")
    if given_tags.isascii() and given_tags.isprintable():
        assert is_told(patterns.ENTITY_TAGS, given_tags) == is_taken(tags, given_tags)


@given(st.one_of(st.from_regex(patterns.CURSOR["pattern"], fullmatch=True), ANY, st.binary()))
def test_a_cursor_is_what_the_document_says(value: str | bytes) -> None:
    """The document and the check take the same cursors."""
    text = value if isinstance(value, str) else base64.urlsafe_b64encode(value).decode().rstrip("=")
    taken = is_taken(lambda one: headers.parse_cursor({"cursor": one}), text)
    assert is_told(patterns.CURSOR, text) == taken


@given(
    st.one_of(
        ANY,
        st.builds("{}.{}".format, ANY, ANY),
        st.from_regex(r"[a-zA-Z0-9-]{1,64}(\.[a-zA-Z0-9-]{1,64}){1,3}", fullmatch=True),
    )
)
def test_the_document_knows_every_name_that_is_taken(text: str) -> None:
    """No name is taken that the document refuses, a final dot apart."""
    if not text.endswith((".", "\u3002")) and is_taken(fields.domain_name, text):
        assert is_told(patterns.DOMAIN_NAME, text)


@given(
    st.from_regex(
        patterns.DOMAIN_NAME["pattern"], fullmatch=True, alphabet=st.characters(codec="ascii")
    )
)
def test_every_ascii_name_of_the_document_is_taken(text: str) -> None:
    """What fits the pattern and is ASCII is a name; of others IDNA2008 decides."""
    if len(text) <= patterns.DOMAIN_NAME["maxLength"]:
        assert is_taken(fields.domain_name, text)


@given(st.builds("{}@{}".format, ANY, st.one_of(ANY, st.builds("{}.{}".format, ANY, ANY))))
def test_the_document_knows_every_address_that_is_taken(text: str) -> None:
    """The same of mail addresses."""
    if text == text.strip() and is_taken(TypeAdapter(bodies.Email).validate_python, text):
        assert is_told(patterns.EMAIL, text)


@given(st.one_of(ANY, st.from_regex(patterns.BASE64["pattern"], fullmatch=True)))
def test_base64_is_what_the_document_says(text: str) -> None:
    """Padded, whole, and nothing else."""
    with contextlib.suppress(UnicodeEncodeError):
        if text:
            assert is_told(patterns.BASE64, text) == is_taken(fields.base64_text, text)


@given(st.text(" \x85\t\n\u2003"))
def test_outer_white_space_is_told(space: str) -> None:
    """Texts of bodies may stand in white space, which is dropped, and the patterns say so."""
    country = CONTACT["country"]
    assert is_told(country["anyOf"][0], f"{space}IN{space}")
    assert not is_told(country["anyOf"][0], f"{space}I N{space}")


@pytest.mark.parametrize(("value", "is_whole"), [(3.0, True), (3.5, False), ("3", False)])
def test_a_whole_number_may_be_written_with_a_point(value: object, *, is_whole: bool) -> None:
    """JSON knows one kind of numbers: 3.0 is 3."""
    body = {"flags": 257, "protocol": value, "algorithm": 13, "public_key": "AAAA"}
    assert is_taken(lambda _: bodies.KeyBody.model_validate(body), "") == is_whole
