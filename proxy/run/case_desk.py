"""Handling a case from a person's own machine, over the staff API: facts of acts, files, readings.

Text and files named with @ are handed in as evidence first, so that an act names what it rests on.
"""

from __future__ import annotations

import asyncio
import mimetypes
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from proxy.errors import InvalidInput, NotFound
from proxy.model import approval_key, identifiers
from proxy.model.case import CaseId, EvidenceId
from proxy.model.evidence import CERTIFICATE_KIND
from proxy.run import approvers_desk, pass_phrase_desk, reading_desk
from proxy.run.approvers_desk import Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from uuid import UUID

    from proxy.model.evidence import Header
    from proxy.ports import Clock
    from proxy.run.staff_desk import Passphrase, WebDesk

_CERTIFICATE_TYPE: Final = "application/pgp-keys"
_TRUTHS: Final = {"yes": True, "true": True, "no": False, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A member's key of the roster, on their machine."""

    file: Path
    passphrase: Passphrase


class CaseDesk:
    """The calls about cases."""

    def __init__(self, web: WebDesk, clock: Clock) -> None:
        self._web = web
        self._clock = clock

    def get(self, path: str) -> dict[str, Any]:
        """What is there."""
        return self._web.call("GET", path)

    def post(self, path: str, body: object | None = None) -> dict[str, Any]:
        """What comes of it."""
        return self._web.call("POST", path, body)

    def hand_in(self, case: str, kind: str, file: Path, media_type: str = "") -> dict[str, Any]:
        """A file as evidence; its media type is told by its name where none is given."""
        content = _content(file)
        known = _CERTIFICATE_TYPE if kind == CERTIFICATE_KIND else ""
        kind_of = media_type or known or mimetypes.guess_type(file.name)[0] or "text/plain"
        path = f"/staff/cases/{case}/evidence/{kind}?name={quote(file.name)}"
        return self.post(path, Upload(media_type=kind_of, content=content))

    def act(
        self, case: str, act: str, given: Sequence[str], seq: int | None = None
    ) -> dict[str, Any]:
        """The case after an act; its facts are given as `name=value` (see `facts`)."""
        shown = self.get(f"/staff/cases/{case}")
        options = {one["act"]: one for one in shown["options"]}
        option = options.get(act)
        if option is None:
            known = ", ".join(sorted(options)) or "nothing"
            raise InvalidInput("act", f"You can not do {act} here now. You can: {known}.")
        facts = self.facts(case, option["facts"], given)
        return self.post(
            f"/staff/cases/{case}/acts/{act}",
            {"facts": facts, "seq": seq},
        )

    def facts(self, case: str, known: Sequence[str], given: Sequence[str]) -> dict[str, object]:
        """Facts of an act out of `name=value`, by the kinds that the act's table gives.

        Lists are written with commas. `name=@FILE` hands the file in as evidence of that name.
        InvalidInput `facts` says what is missing or unknown, before anything is handed in.
        """
        kinds = {one.split(" ")[0]: one.split(" ")[1:] for one in known}
        wanted = {name.removesuffix("?"): kind for name, kind in kinds.items()}
        said = dict(_pair(one) for one in given)
        unknown = sorted(said.keys() - wanted.keys())
        missing = sorted(
            name for name in kinds if not name.endswith("?") and name not in said
        )  # fmt: skip
        if unknown or missing:
            faults = [f"there is no fact {name}" for name in unknown]
            faults += [f"{name} is missing ({' '.join(wanted[name])})" for name in missing]
            raise InvalidInput("facts", f"{'; '.join(faults)}.".capitalize())
        return {name: self._fact(case, name, wanted[name], said[name]) for name in said}

    def evidence(self, case: str, kind: str, text: str) -> str:
        """The id of evidence: as given, or of a file that is handed in first."""
        if not text.startswith("@"):
            return text
        return str(self.hand_in(case, kind, Path(text[1:]))["evidence"])

    def read(self, case: str, evidence: str, reason: str, key: Key, out: Path) -> Header:
        """What a file is; its octets are in `out`, whole and proven, or nothing is there."""
        shown = self.get(f"/staff/cases/{case}")
        sha256 = next((one["sha256"] for one in shown["evidence"] if one["id"] == evidence), None)
        if sha256 is None:
            raise NotFound("evidence_unknown", "The case has no such file.")
        prepared = reading_desk.reading(
            self._web.deployment(),
            CaseId(_uuid(case)),
            EvidenceId(_uuid(evidence)),
            reason,
            now=self._clock.now(),
            random=secrets.token_bytes,
        )
        body = self._web.signed(prepared.document, prepared.message, key.file, key.passphrase)
        draft = out.with_name(f".{out.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                parts = self._parts(body)
                header = asyncio.run(
                    reading_desk.receive(prepared, parts, file.write, sha256=sha256)
                )
            draft.rename(out)
        finally:
            draft.unlink(missing_ok=True)
        return header

    async def _parts(self, body: dict[str, Any]) -> AsyncIterator[bytes]:
        async for one in self._web.stream("/staff/readings", body):
            if "error" in one:
                raise InvalidInput(str(one["error"])[:64], "The vault ended the reading.")
            if "part" in one:
                yield _octets(one["part"])

    def holds(self, case: str, value: tuple[str, str], reason: str, key: Key) -> bool:
        """Whether the registrant holds a value (second) in a field (first)."""
        prepared = reading_desk.match(
            self._web.deployment(),
            CaseId(_uuid(case)),
            value,
            reason,
            now=self._clock.now(),
            random=secrets.token_bytes,
        )
        body = self._web.signed(prepared.document, prepared.message, key.file, key.passphrase)
        return self.post("/staff/matches", body)["holds"] is True

    def pass_phrase(self, package: str, key: Key) -> str:
        """A package's pass-phrase, for its releaser; once."""
        prepared = pass_phrase_desk.prepare(
            self._web.deployment(),
            _uuid(package),
            now=self._clock.now(),
            random=secrets.token_bytes,
        )
        body = self._web.signed(prepared.document, prepared.message, key.file, key.passphrase)
        sealed = self.post("/staff/pass-phrases", body)["sealed"]
        return pass_phrase_desk.receive(prepared, _octets(sealed))

    def _fact(self, case: str, name: str, kind: Sequence[str], text: str) -> object:
        match kind[0]:
            case "flag":
                if text not in _TRUTHS:
                    raise InvalidInput("facts", f"{name} is yes or no.")
                return _TRUTHS[text]
            case "number":
                if not text.isdecimal():
                    raise InvalidInput("facts", f"{name} is a number.")
                return int(text)
            case "codes" | "fields":
                return [one for one in text.split(",") if one]
            case "evidences":
                return [self.evidence(case, name, one) for one in text.split(",") if one]
            case "evidence":
                return self.evidence(case, name, text)
            case _:
                return text


def _pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not mark:
        raise InvalidInput("facts", f"{text}: a fact is given as name=value.")
    return name, value


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        raise InvalidInput("file", f"{file} can not be read.") from None


def _uuid(text: str) -> UUID:
    found = identifiers.canonical_uuid(text)
    if found is None:
        raise InvalidInput("id", f"{text} is no id.")
    return found


def _octets(text: object) -> bytes:
    found = approval_key.base64_octets(str(text))
    if found is None:
        raise approvers_desk.nonsense()
    return found
