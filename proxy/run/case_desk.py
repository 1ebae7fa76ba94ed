"""Handling a case from a person's own machine, over the staff API: facts of acts, files, readings.

Text and files named with @ are handed in as evidence first, so that an act names what it rests on.
"""

from __future__ import annotations

import asyncio
import hashlib
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
from proxy.run import approvers_desk, case_facts, pass_phrase_desk, reading_desk
from proxy.run.approvers_desk import Upload

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from uuid import UUID

    from proxy.model.evidence import Header
    from proxy.ports import Clock
    from proxy.run.staff_desk import Passphrase, WebDesk

_CERTIFICATE_TYPE: Final = "application/pgp-keys"


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
            raise not_now(act, shown)
        facts = self.facts(case, option["facts"], given, shown["evidence"])
        return self.post(
            f"/staff/cases/{case}/acts/{act}",
            {"facts": facts, "seq": seq},
        )

    def facts(
        self,
        case: str,
        known: Sequence[str],
        given: Sequence[str],
        there: Sequence[Mapping[str, Any]] = (),
    ) -> dict[str, object]:
        """Facts of an act out of `name=value`, by the kinds that the act's table gives.

        `name=@FILE` hands the file in as evidence of that name, if it does not lie among `there`
        already. InvalidInput `facts` says all that is wrong, before anything is handed in.
        """
        found: dict[str, object] = {}
        for name, (wanted, value) in case_facts.parse(known, given).items():
            if wanted.kind not in case_facts.EVIDENCE:
                found[name] = value
            elif isinstance(value, list):
                found[name] = [self.evidence(case, name, one, there) for one in value]
            else:
                found[name] = self.evidence(case, name, str(value), there)
        return found

    def evidence(
        self, case: str, kind: str, text: str, there: Sequence[Mapping[str, Any]] | None = None
    ) -> str:
        """The id of evidence: as given, or of a file that is handed in first.

        A file that the same person handed in as the same kind before is not handed in again: after
        an act that was refused it lies there already.
        """
        if not text.startswith("@"):
            return text
        file = Path(text[1:])
        sha256 = hashlib.sha256(_content(file)).hexdigest()
        if there is None:
            there = self.get(f"/staff/cases/{case}")["evidence"]
        own = [one for one in there if (one["kind"], one["sha256"]) == (kind, sha256)]
        if own:
            me = self.get("/staff/session").get("person")
            own = [one for one in own if one["by"] == me]
        return str(own[0]["id"] if own else self.hand_in(case, kind, file)["evidence"])

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
        sealed = self.post("/staff/pass-phrases", body).get("sealed")
        return pass_phrase_desk.receive(prepared, _octets(sealed))


def not_now(act: str, shown: Mapping[str, Any]) -> InvalidInput:
    """What somebody is told who can not do an act in a case as it is shown to them."""
    lacks = [" ".join(one["lacks"]) for one in shown.get("not_yet", ()) if one["act"] == act]
    known = ", ".join(sorted({one["act"] for one in shown["options"]})) or "nothing"
    why = "".join(f" {one}" for one in lacks)
    return InvalidInput("act", f"You can not do {act} here now.{why} You can: {known}.")


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
