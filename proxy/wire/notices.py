"""Notices in words: versioned templates in five languages, filled with facts and laid out. Pure.

Templates are Project Fluent messages with a subject, a body and a version, in proxy/notices by
language; `proxy.run.notices` reads them. A template that a language lacks is given in English. What
is unknown, missing or not of its form is refused: a notice never goes out with a gap. No fact can
hold a value of a registrant (wire.notice_facts), and links lead to the office's own site alone.
Source: casework s8, Common notice set; J20; invariant 12.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final

from babel import dates
from fluent.runtime import FluentBundle
from fluent.syntax import FluentParser, FluentSerializer, ast
from fluent.syntax.visitor import Visitor

from proxy.errors import InvalidInput
from proxy.wire import notice_facts, notice_layout
from proxy.wire.notice_facts import LOCALES, ZONE, Form, Tongue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from proxy.model.case import Fact

ENGLISH: Final = "en"
"""What every template is in."""

LINK: Final = "link"
_TEMPLATE: Final = re.compile(r"n[0-9]{1,2}_[a-z0-9_]{1,60}")
_DOCUMENT: Final = re.compile(r"([a-z_]{1,60})-([1-9][0-9]{0,4})")
_SUBJECT_CHARACTERS: Final = 200  # as wire.mail_message takes them
_LINK: Final = re.compile(r"[!-~]{1,1000}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Who writes: what stands in every notice of an installation. `zone` is the office's own."""

    name: str
    mail: str
    postal: str
    site: str  # base address; every link begins with it
    arbitration: str  # before whom a complaint can go, J20
    zone: str

    def arguments(self) -> dict[str, str]:
        """Variables of templates."""
        return {
            "office_name": self.name,
            "office_mail": self.mail,
            "office_postal": self.postal,
            "office_site": self.site,
            "office_arbitration": self.arbitration,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """A notice in words, the version of its template, and the language it really is in."""

    subject: str = field(repr=False)
    body: str = field(repr=False)
    language: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A text that somebody signs or accepts. `sha256` is that of `text` in UTF-8."""

    id: str
    version: int
    language: str
    text: str = field(repr=False)
    sha256: str


class Catalogue:
    """The templates and documents of every language, of one office."""

    def __init__(self, sources: Mapping[str, Sequence[str]], office: Office) -> None:
        """Read the sources of each language; InvalidInput `notice_source`, or a bad zone."""
        self._office = office
        self._default_zone = notice_facts.zone_of({}, office.zone).key
        self._languages = {
            language: _Language(language, sources.get(language, ())) for language in LOCALES
        }

    def render(
        self, template: str, language: str | None, facts: Mapping[str, Fact], *, link: str = ""
    ) -> Rendered:
        """The notice in the language, or in English where the language lacks it.

        InvalidInput: `notice_template` unknown, `notice_fact` missing, unknown or not of its form,
        `notice_link` missing or not to our site, `notice_words` where a code has no words.
        """
        if _TEMPLATE.fullmatch(template) is None:
            raise InvalidInput("notice_template", "There is no template of that name.")
        last: InvalidInput | None = None
        for one in self._tried(language):
            if not one.has(template):
                continue
            try:
                return self._rendered(one, template, facts, link)
            except InvalidInput as error:
                if error.code != "notice_words":
                    raise
                last = error
        raise last or InvalidInput("notice_template", "There is no template of that name.")

    def needs(self, template: str) -> frozenset[str]:
        """The names of facts without which the template is not whole, its link aside."""
        wanted = self._languages[ENGLISH].wants(template)
        return wanted - frozenset(self._office.arguments()) - {LINK}

    def templates(self, language: str = ENGLISH) -> tuple[str, ...]:
        """Every template that a language has."""
        return tuple(one for one in self._languages[language].ids() if _TEMPLATE.fullmatch(one))

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that there are, in order."""
        return tuple(sorted(self._languages))

    def document(
        self,
        document: str,
        language: str | None,
        facts: Mapping[str, Fact] | None = None,
        *,
        version: int | None = None,
    ) -> Document:
        """The newest version of a document, or that one; with its facts filled in.

        InvalidInput as `render`; `notice_document` for one that is not there.
        """
        for one in self._tried(language):
            number = one.newest(document) if version is None else version
            message = f"{document}-{number}"
            if number and _DOCUMENT.fullmatch(message) and one.has(message):
                arguments = self._arguments(one, message, facts or {}, "")
                text = one.says(message, arguments)
                digest = hashlib.sha256(text.encode()).hexdigest()
                return Document(
                    id=document, version=number, language=one.name, text=text, sha256=digest
                )
        raise InvalidInput("notice_document", "There is no document of that name and version.")

    def digests(self, language: str) -> Iterator[tuple[str, int, str]]:
        """Of every template and document: its version, and the SHA-256 of all that it says."""
        return self._languages[language].digests()

    def words(self, language: str) -> tuple[str, ...]:
        """What a language says of codes and moments, in order: no template takes it in by name."""
        return self._languages[language].words()

    def _tried(self, language: str | None) -> Iterator[_Language]:
        primary = (language or ENGLISH).partition("-")[0].lower()
        if primary in self._languages and primary != ENGLISH:
            yield self._languages[primary]
        yield self._languages[ENGLISH]

    def _rendered(
        self, one: _Language, template: str, facts: Mapping[str, Fact], link: str
    ) -> Rendered:
        arguments = self._arguments(one, template, facts, link)
        return Rendered(
            subject=_subject(one.says(template, arguments, "subject")),
            body=notice_layout.laid_out(one.says(template, arguments, "body")),
            language=one.name,
            version=one.version(template),
        )

    def _arguments(
        self, one: _Language, message: str, facts: Mapping[str, Fact], link: str
    ) -> dict[str, str | int]:
        """All that a message may say, in the words of its language."""
        zone = notice_facts.zone_of(facts, self._default_zone)
        found: dict[str, str | int] = {**self._office.arguments()}
        for name, value in facts.items():
            if name == ZONE:
                continue
            found[name] = notice_facts.words(name, value, one.tongue, zone)
            if notice_facts.form(name) in {Form.CODES, Form.FIELDS}:
                found[f"{name}_count"] = len(value) if isinstance(value, tuple | list) else 0
        wanted = one.wants(message)
        if LINK in wanted:
            found[LINK] = self._link(link)
        missing = sorted(name for name in wanted if name not in found)
        if missing:
            raise InvalidInput("notice_fact", f"The notice needs `{missing[0]}`.")
        return found

    def _link(self, link: str) -> str:
        site = self._office.site.rstrip("/")
        if not link.startswith(f"{site}/") or _LINK.fullmatch(link) is None:
            raise InvalidInput("notice_link", "The notice needs a link to our own site.")
        return link


class _Language:
    """One language's messages."""

    def __init__(self, language: str, sources: Sequence[str]) -> None:
        self.name = language
        self._messages: dict[str, ast.Message] = {}
        self._wants: dict[str, frozenset[str]] = {}
        # Marks that isolate directions are left out: mail readers show them as boxes. What could be
        # written from right to left, a recipient's name, stands in a paragraph of its own.
        self._bundle = FluentBundle([LOCALES[language].replace("_", "-")], use_isolating=False)
        for source in sources:
            self._add(source)
        self.tongue = Tongue(language=language, says=self.says)
        # Babel reads its files when a language is first used: now, not once rights are dropped.
        dates.format_date(date(2026, 1, 1), "full", locale=LOCALES[language])

    def _add(self, source: str) -> None:
        resource = FluentParser(with_spans=False).parse(source)
        for entry in resource.body:
            if isinstance(entry, ast.BaseComment):
                continue
            if not isinstance(entry, ast.Message) or entry.id.name in self._messages:
                raise InvalidInput("notice_source", f"A template of {self.name} can not be read.")
            self._messages[entry.id.name] = entry
        self._bundle.add_resource(resource)

    def ids(self) -> tuple[str, ...]:
        """Every message."""
        return tuple(self._messages)

    def has(self, message: str) -> bool:
        """Whether there is such a message."""
        return message in self._messages

    def newest(self, document: str) -> int:
        """The highest version of a document; 0 for none."""
        found = (_DOCUMENT.fullmatch(one) for one in self._messages)
        return max((int(one[2]) for one in found if one and one[1] == document), default=0)

    def version(self, message: str) -> int:
        """What the message says its version is; InvalidInput `notice_source` without one."""
        matched = _DOCUMENT.fullmatch(message)
        text = matched[2] if matched else self.says(message, {}, "version")
        if not text.isdecimal():
            raise InvalidInput("notice_source", f"{message} has no version in {self.name}.")
        return int(text)

    def says(
        self, message: str, arguments: Mapping[str, str | int], attribute: str | None = None
    ) -> str:
        """A message, or an attribute of it, in words; InvalidInput `notice_words`."""
        missing = InvalidInput("notice_words", f"{self.name} has no words for {message}.")
        if message not in self._messages:
            raise missing
        found = self._bundle.get_message(message)
        pattern = found.value if attribute is None else found.attributes.get(attribute)
        if pattern is None:
            raise missing
        text, errors = self._bundle.format_pattern(pattern, dict(arguments))
        if errors:
            raise missing
        return str(text)

    def wants(self, message: str) -> frozenset[str]:
        """The variables that a message names, and those that it takes over from others."""
        if message not in self._wants:
            seen = {one.id.name: one for one in self._reached(message)}
            names = {name for one in seen.values() for name in _references(one).variables}
            self._wants[message] = frozenset(names)
        return self._wants[message]

    def digests(self) -> Iterator[tuple[str, int, str]]:
        """Of every template and document: its version, and the SHA-256 of all that it says."""
        serializer = FluentSerializer()
        for name in self._messages:
            if _TEMPLATE.fullmatch(name) or _DOCUMENT.fullmatch(name):
                texts = [serializer.serialize_entry(one) for one in self._reached(name)]
                if texts and (version := self.version(name)):
                    yield name, version, hashlib.sha256("\0".join(texts).encode()).hexdigest()

    def words(self) -> tuple[str, ...]:
        """The messages that no template and no document takes in, in order, as their source."""
        taken = {
            one.id.name
            for name in self._messages
            if _TEMPLATE.fullmatch(name) or _DOCUMENT.fullmatch(name)
            for one in self._reached(name)
        }
        serializer = FluentSerializer()
        return tuple(
            serializer.serialize_entry(one)
            for name, one in sorted(self._messages.items())
            if name not in taken
        )

    def _reached(self, message: str) -> list[ast.Message]:
        """A message and those that it takes in, each once."""
        found: dict[str, ast.Message] = {}
        waiting = [message]
        while waiting:
            name = waiting.pop()
            if name in found:
                continue
            if name not in self._messages:
                raise InvalidInput("notice_template", f"{self.name} has no message {name}.")
            found[name] = self._messages[name]
            waiting.extend(sorted(_references(found[name]).messages))
        return list(found.values())


def _subject(text: str) -> str:
    """One line that a message can carry: a name of 253 characters would make it too long."""
    line = " ".join(text.split())
    return line if len(line) <= _SUBJECT_CHARACTERS else f"{line[: _SUBJECT_CHARACTERS - 1]}\u2026"


class _References(Visitor):
    """The names of variables and of other messages in an entry."""

    def __init__(self) -> None:
        self.variables: set[str] = set()
        self.messages: set[str] = set()

    def visit_VariableReference(self, node: ast.VariableReference) -> None:  # noqa: N802 - Fluent's name
        """Keep a variable."""
        self.variables.add(node.id.name)

    def visit_MessageReference(self, node: ast.MessageReference) -> None:  # noqa: N802 - Fluent's name
        """Keep a message."""
        self.messages.add(node.id.name)


def _references(entry: ast.Message) -> _References:
    found = _References()
    found.visit(entry)
    return found
