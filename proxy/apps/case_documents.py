"""Texts of a case that somebody signs: the promise to indemnify, the confirmation of contact.

What was demanded is shown as it was demanded: that very text, found again by its SHA-256 among the
languages that we have; before that the newest one, in the language that is asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from aiohttp import web

from proxy.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from proxy.model.case import Fact
    from proxy.model.case_state import Case
    from proxy.wire.notices import Document

DEMAND: Final = "demand"
INDEMNITY: Final = "indemnity"
DOCUMENTS: Final = frozenset({INDEMNITY, "contact_confirmation"})
_LANGUAGE = re.compile(r"[A-Za-z-]{0,35}")


class Texts(Protocol):
    """Documents by id, version and language (wire.notices.Catalogue)."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Those that there are."""
        ...

    def document(
        self,
        document: str,
        language: str | None,
        facts: Mapping[str, Fact] | None = None,
        *,
        version: int | None = None,
    ) -> Document:
        """The text with its facts filled in."""
        ...


class Shown(msgspec.Struct, frozen=True):
    """A text, and what whoever signs it names: its version and SHA-256."""

    document: str
    version: int
    language: str
    sha256: str
    text: str


def check_demanded(texts: Texts, case: Case, facts: Mapping[str, Fact]) -> None:
    """InvalidInput `text_unknown` where a demand names no text of ours, for this case and name.

    A registrant can sign nothing but what was demanded: a digest that is nobody's would make the
    promise impossible, and silence of it a default.
    """
    version, sha256 = facts.get("text_version"), facts.get("text")
    if isinstance(version, int) and _found(texts, case, version, sha256) is None:
        raise InvalidInput("text_unknown", "A demand names the text and version that we show.")


def show(texts: Texts, case: Case, request: web.Request) -> web.Response:
    """The text that the request's path names; NotFound `document_unknown`."""
    name, language = request.match_info["document"], request.query.get("language", "")
    if name not in DOCUMENTS or not _LANGUAGE.fullmatch(language):
        raise NotFound("document_unknown", f"Texts are: {', '.join(sorted(DOCUMENTS))}.")
    found = _of_case(texts, case, name, language)
    return web.Response(
        body=msgspec.json.encode(
            Shown(found.id, found.version, found.language, found.sha256, found.text)
        ),
        content_type="application/json",
    )


def _of_case(texts: Texts, case: Case, name: str, language: str) -> Document:
    demanded = case.last(DEMAND)
    if name == INDEMNITY and demanded is not None:
        version = demanded.facts["text_version"]
        if isinstance(version, int):
            found = _found(texts, case, version, demanded.facts["text"])
            if found is not None:
                return found
    return texts.document(name, language, {"domain": case.domain, "case": str(case.id)})


def _found(texts: Texts, case: Case, version: int, sha256: Fact | None) -> Document | None:
    """The promise to indemnify of that version, in the language whose text has that digest."""
    facts = {"domain": case.domain, "case": str(case.id)}
    try:
        several = [
            texts.document(INDEMNITY, one, facts, version=version) for one in texts.languages
        ]
    except InvalidInput:  # there is no such version
        return None
    return next((one for one in several if one.sha256 == sha256), None)
