"""HTTP heads: a value or InvalidInput, whatever comes, and one reading only."""

from __future__ import annotations

import re
from ipaddress import ip_network

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy.apps import rdap_errors
from proxy.errors import InvalidInput
from proxy.wire import http, http_client

TOKEN = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,12}", fullmatch=True)
VALUE = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
OTHER_FIELDS = st.lists(
    st.tuples(TOKEN.filter(lambda name: name.lower() not in {
        "host", "content-length", "transfer-encoding", "connection"
    }), VALUE),
    max_size=8,
)  # fmt: skip
SCRAPS = """GET /domain/a.example HTTP/1.1\r\n|Host: a\r\n|\r\n|\n|\r| |\t|:|Content-Length: 0\r\n|\
Content-Length: 4\r\n|Transfer-Encoding: chunked\r\n|X: y\r\n|\0|\xff|GET|/|%|HTTP/1.0|0\r\n\r\n"""
PIECES = st.lists(
    st.sampled_from([*(scrap.encode() for scrap in SCRAPS.split("|")), b"a" * 5000]), max_size=12
).map(b"".join)


def read(stream: bytes) -> tuple[http.RequestLine, http.Fields, int] | None:
    """The first request of `stream`, read as a connection reads it."""
    head = http.split_head(stream)
    if head is None:
        return None
    line, fields = http.parse_request_line(head.line), http.parse_fields(head.fields)
    http.check_head(line, fields)
    return line, fields, head.octets


@given(st.binary(max_size=300) | PIECES)
@example(b"GET / HTTP/1.1\r\n\r\n")
@example(b"\r\n\r\n")
def test_any_stream_is_a_request_or_invalid(stream: bytes) -> None:
    """Reading gives a request, nothing yet, or InvalidInput whose code the error table knows."""
    try:
        read(stream)
    except InvalidInput as error:
        code = error.code
    else:
        return
    assert rdap_errors.PROBLEMS[code].closes


@given(
    st.binary(max_size=80) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_line_is_parsed_or_invalid(line: bytes) -> None:
    """A request line is read or refused, and what is read holds URI characters only."""
    try:
        parsed = http.parse_request_line(line)
    except InvalidInput:
        return
    assert re.fullmatch(r"[/*][!-~]*", parsed.path)
    assert not set('"<>\\^`{|} ') & set(parsed.path)


@given(
    st.sampled_from(["GET", "HEAD"]),
    st.from_regex(r"/[a-z0-9./-]{0,30}", fullmatch=True),
    OTHER_FIELDS,
)
def test_what_is_written_is_read(method: str, path: str, fields: list[tuple[str, str]]) -> None:
    """A well-formed request is read as it was written and takes exactly its own octets."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    stream = f"{method} {path}?q=1 HTTP/1.1\r\nHost: A.example:80\r\n{lines}\r\n".encode()
    found = read(stream + b"GET /next")
    assert found is not None
    line, parsed, octets = found
    assert (line.method, line.path, parsed.host, octets) == (
        method, path, "A.example:80", len(stream)
    )  # fmt: skip


@given(PIECES, st.data())
def test_a_head_never_changes_with_what_follows(stream: bytes, data: st.DataObject) -> None:
    """Once a request is read, octets behind it do not change it: there is one reading."""
    try:
        found = read(stream)
    except InvalidInput:
        return
    if found is not None:
        assert read(stream[: found[2]]) == found
        assert read(stream + data.draw(st.binary(max_size=20))) == found


@given(st.binary(max_size=60))
def test_a_folded_or_hidden_length_is_never_read(noise: bytes) -> None:
    """No field with a Transfer-Encoding in its name's place is read, wherever it hides."""
    stream = b"GET / HTTP/1.1\r\nHost: a\r\n" + noise + b"\r\nTransfer-Encoding: x\r\n\r\n"
    try:
        found = read(stream)
    except InvalidInput:
        return
    # Read without complaint only if the request ended before that field.
    assert found is None or found[2] <= len(stream) - len(b"Transfer-Encoding: x\r\n\r\n")


@given(st.text(max_size=40), st.lists(st.text(max_size=30), max_size=5))
def test_any_forwarded_list_names_a_client(peer: str, values: list[str]) -> None:
    """Whatever X-Forwarded-For holds, the client is the peer or an address in it."""
    trusted = (ip_network("0.0.0.0/0"), ip_network("::/0"))
    client = http_client.client_address(peer, values, trusted)
    assert client == peer or ":" in client or "." in client


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("*", ("*",)),
        ('"a"', ('"a"',)),
        ('W/"a", "b,c"', ('"a"', '"b,c"')),
        ("a", ()),
        ('"a', ()),
        ("", ()),
    ],
)
def test_entity_tags_are_read_for_weak_comparison(text: str, tags: tuple[str, ...]) -> None:
    """Tags are read without their W/, and a malformed list holds none."""
    fields = http.parse_fields(f"If-None-Match: {text}\r\n\r\n".encode())
    assert fields.if_none_match == tags


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("A.Example", "a.example"),
        ("a.example.:80", "a.example"),
        ("[::1]:80", "[::1]"),
        ("[::1]", "[::1]"),
    ],
)
def test_hosts_compare_without_port_case_and_final_dot(host: str, name: str) -> None:
    """Two ways of writing one host are one host."""
    assert http.host_name(host) == name
