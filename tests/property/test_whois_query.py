"""The WHOIS parser as laws: a query or InvalidInput, whatever the octets."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from proxy.errors import InvalidInput
from proxy.model import names
from proxy.model.identifiers import DomainName
from proxy.wire.whois_query import (
    DomainQuery,
    HelpQuery,
    NameserverQuery,
    Query,
    RegistrarQuery,
    parse_query,
)

label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)
name = st.tuples(label, label, st.sampled_from(["com", "de", "example"])).map(".".join)
words = st.lists(
    st.sampled_from(
        ["domain", "dom", "nameserver", "registrar", "=", "=a.example", "-T", "dn,ace", "-V", "--x",
         "help", "?", "a.example", "A.EXAMPLE.", "bücher.example", "/e", "a.example/e", "192.0.2.1",
         "2001:db8::1", "-", "--", "\x00", "\ud7ff", ".", "xn--a", "..", "a b"]
    ),
    max_size=8,
)  # fmt: skip


@given(st.binary(max_size=700))
@example(b"")
@example(b"\n")
@example(b"-\n")
@example(b"=\n")
@example(b"registrar =\n")
@example(b"a" * 512 + b"\n")
@example("\u3002.example\n".encode())
def test_any_octets_are_a_query_or_invalid(line: bytes) -> None:
    """Nothing but InvalidInput is ever raised, and it repeats nothing of the line."""
    refused = None
    try:
        query = parse_query(line)
    except InvalidInput as error:
        refused = error
    else:
        assert isinstance(query, DomainQuery | NameserverQuery | RegistrarQuery | HelpQuery)
    if refused is not None:
        assert refused.args == ("whois_query",)
        assert refused.__cause__ is None


@given(words, st.sampled_from(["\n", "\r\n", ""]))
def test_any_words_are_a_query_or_invalid(parts: list[str], end: str) -> None:
    """The same for lines made of the words the parser knows."""
    try:
        query = parse_query((" ".join(parts) + end).encode())
    except InvalidInput:
        return
    if isinstance(query, DomainQuery):
        assert query.name == names.parse_domain_name(query.name)


@given(
    name,
    st.sampled_from(
        ["{}", "{}.", " {} ", "\t{}", "domain {}", "DOM {}", "={}", "= {}", "domain ={}",
         "domain = {}", "-T dn,ace {}", "-C US-ASCII -T dn,ace {}", "--show-handles {}",
         "-V Md5.5 {}",
         "-C UTF-8 {}", "--charset=utf-8 {}", "{}/e", "{}/E", "-B -r {}", "-q domain {}"]
    ),
    st.sampled_from(["\n", "\r\n", "", "\r", "\nwhatever follows\r\n", "\r\n\xff"]),
    st.booleans(),
)  # fmt: skip
def test_every_form_of_real_clients_is_the_same_query(
    asked: str, form: str, end: str, is_upper: bool
) -> None:
    """Whatever a client puts around a name, the query is for that name."""
    text = form.format(asked.upper() if is_upper else asked)
    line = text.encode() + end.encode("latin-1")
    assert parse_query(line) == DomainQuery(name=DomainName(asked))


@given(name)
def test_a_published_name_to_the_letter_is_its_own_query(asked: str) -> None:
    """Why the server may look up a line without parsing it."""
    assert parse_query(asked.encode() + b"\r\n") == DomainQuery(name=DomainName(asked))


@pytest.mark.parametrize(
    ("line", "ace"),
    [
        ("bücher.example", "xn--bcher-kva.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),  # non-transitional: not fass
        ("пример。example", "xn--e1afmkfd.example"),  # ideographic full stop
    ],
)
def test_names_are_idna2008_both_ways(line: str, ace: str) -> None:
    """U-labels and A-labels ask for the same name."""
    assert parse_query(line.encode() + b"\r\n") == DomainQuery(name=DomainName(ace))


@pytest.mark.parametrize(
    ("line", "query"),
    [
        (b"help", HelpQuery()),
        (b"HELP\r\n", HelpQuery()),
        (b"?", HelpQuery()),
        (b"nameserver NS1.example.net", NameserverQuery(host="ns1.example.net")),
        (b"nameserver 2001:DB8::1", NameserverQuery(host="2001:db8::1")),
        (b"registrar 9999", RegistrarQuery(text="9999")),
        (b"registrar  Blue   Heron", RegistrarQuery(text="Blue Heron")),
    ],
)
def test_other_kinds_of_query(line: bytes, query: Query) -> None:
    """Help, name servers by name and address, registrars by id and name."""
    assert parse_query(line) == query


@pytest.mark.parametrize(
    "line",
    [
        b"com",
        b"a..example",
        b"-x.example",
        b"two names.example here.example",
        b"a.example b.example",
        b"192.0.2.1",
        b"nameserver",
        b"registrar",
        b"domain",
        b"-T dn,ace",
        b"a\x00.example",
        b"a\x1b[0m.example",
        b"\xc3.example",
        "a\u0085.example".encode(),
        b"a_b.example",
    ],
)
def test_what_is_no_query_is_invalid(line: bytes) -> None:
    """Other lines are refused, never guessed at."""
    with pytest.raises(InvalidInput):
        parse_query(line)
