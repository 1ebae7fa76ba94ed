"""A registrant or requester with the session of a link, as a program would use it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.case_service import Site
    from tests.support.running import Reply


@dataclass(slots=True)
class Party:
    """Somebody with a session of a link."""

    site: Site
    session: str

    def call(self, method: str, path: str, body: object = None) -> Reply:
        """A call of theirs."""
        headers = {"Authorization": f"Bearer {self.session}", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        return self.site.http(method, path, body=content, headers=headers)

    def done(self, method: str, path: str, body: object = None) -> Any:
        """What is answered to a call that must succeed."""
        reply = self.call(method, path, body)
        assert reply.status < 300, (path, reply.status, reply.body)
        return reply.json

    def collect(self) -> bytes:
        """The package of this session's link, once its terms are accepted; nobody else hears it."""
        terms = self.done("GET", "/package")["terms_sha256"]
        reply = self.call("POST", "/package", {"accept": terms})
        assert reply.status == 200, reply.body
        return reply.body

    def write(self, kind: str, text: str) -> str:
        """The id of something written."""
        found: str = self.done("POST", "/my/texts", {"kind": kind, "text": text})["evidence"]
        return found

    def act(self, act: str, **facts: object) -> Any:
        """An act of theirs."""
        return self.done("POST", f"/my/acts/{act}", {"facts": facts})
