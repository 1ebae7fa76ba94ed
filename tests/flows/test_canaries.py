"""No person leaves the vault: a whole life of registrations, then a search of every surface.

All contacts are markers (tests/support/canary.py). The only values that may be seen are the
registrant's name in privacy mode and their state in redacted and published mode. Then a marker of
another kind is planted on each surface and must be found there: a search that looks past a surface
would pass for ever.
"""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import canary, running, served, surfaces

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.running import Running

pytestmark = [pytest.mark.db, pytest.mark.xdist_group("canaries"), pytest.mark.timeout(400)]

PLANT = "zk8wv3xq5p"
SURFACES = (
    *("whois", "rdap", "api", "problems", "metrics", "commands", "stdout", "stderr"),
    *("tables", "cluster files", "write-ahead log", "snapshot", "key files", "temporary files"),
)


def body(mode: str, domain: str, /, **changes: object) -> dict[str, Any]:
    """A registration whose persons are markers."""
    return {
        "domain": domain,
        "mode": mode,
        "registry_domain_id": f"D-{domain}",
        "created_at": "2021-06-01T08:00:00Z",
        "registry_expires_at": "2031-06-01T08:00:00Z",
        "statuses": ["clientTransferProhibited"],
        "nameservers": [{"name": "ns1.hosting.example"}],
        "contacts": canary.contacts(mode),
        **changes,
    }


class Flow:
    """One service, everything it answered, and what was done with it."""

    def __init__(self, service: Running, key: str) -> None:
        """Nothing was asked yet."""
        self.service = service
        self.key = key
        self.heard = surfaces.Heard()

    def api(self, method: str, path: str, content: object = None, **headers: str) -> Any:
        """An API call; the answer is kept."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = self.service.api(method, path, self.key, content, named)
        return self.heard.reply("api", reply)

    def raw(self, listener: str, method: str, path: str, **more: Any) -> Any:
        """A request as it is given; the answer is kept."""
        return self.heard.reply(listener, self.service.http(listener, method, path, **more))

    def ask(self, domain: str) -> None:
        """The name over WHOIS and RDAP; both answers are kept."""
        self.heard.keep("whois", self.service.whois(domain.encode()))
        self.heard.reply("rdap", self.service.rdap(domain))

    def command(self, *words: str) -> int:
        """The exit code of a command of the program; what it printed is kept."""
        done = self.service.command(*words)
        self.heard.keep("commands", (done.stdout + done.stderr).encode())
        return done.returncode

    def live(self) -> None:
        """The ordinary life of registrations in every mode."""
        for mode in canary.MODES:
            name = f"{mode}-one.example"
            made = self.api("PUT", f"/v1/registrations/{name}", body(mode, name))
            assert made.status == 201, made.body
            held = f"{mode}-held.example"
            # With persons of another mode: nothing of a reservation may be seen, not even a name.
            reserved = body(mode, held, created_at=None, contacts=canary.contacts("proxy"))
            assert self.api("PUT", f"/v1/registrations/{held}", reserved).status == 201
            self.service.wait_published(name)
            changed = body(mode, name, statuses=["clientHold"], customer_ref="acct-1")
            again = self.api(
                "PUT", f"/v1/registrations/{name}", changed, Idempotency_Key=f"again-{mode}"
            )
            assert again.status == 200, again.body
            self.api("GET", f"/v1/registrations/{name}")
            self.api("GET", f"/v1/registrations/{name}/status")
            self.api("GET", f"/v1/registrations/id/{again.json['id']}")
            self.ask(name)
            self.ask(held)
        self.api("GET", "/v1/registrations?limit=100")
        self.api("GET", "/openapi.json")

    def fail(self) -> None:
        """Bad requests with a person in every place that a request has."""
        person = canary.contact("proxy", "registrant")
        word = person["city"]
        name = "faulty.example"
        for changes in (
            {"contacts": {"registrant": {**person, "email": f"{word} at nowhere"}}},
            {"contacts": {"registrant": {**person, "name": f"{person['name']}\x00"}}},
            {"contacts": {"registrant": {**person, "city": word * 1000}}},
            # A member's name is told back only where it has the form of an identifier.
            {"contacts": {"registrant": {**person, person["name"]: word}}},
            {"contacts": {"registrant": {**person, "phone": person["name"]}}},
            {"contacts": {"registrant": {"name": person["name"]}}},
            {"contacts": {person["name"]: person}},
            {"contacts": {"registrant": person, "admin": {"same_as": word}}},
            {"mode": word},
            {"created_at": person["name"]},
            {"nameservers": [{"name": person["name"]}]},
            {"statuses": [person["name"]]},
            {"profile": word},
            {"accreditation": word},
            {person["name"]: word},
            {"domain": f"{word}.other.example"},
        ):
            refused = self.api("PUT", f"/v1/registrations/{name}", body("proxy", name, **changes))
            assert 400 <= refused.status < 500, (list(changes), refused.status)
        good = body("proxy", name)
        path = f"/v1/registrations/{name}"
        assert self.api("PUT", path, good, If_Match=word).status >= 400
        self.api("PUT", path, good, Idempotency_Key=word * 50)
        self.api("GET", f"/v1/registrations/{word}.example")
        self.api("GET", f"/v1/registrations/{word}%00{word}")
        self.api("GET", f"/v1/registrations?cursor={word}&limit={word}&updated_since={word}")
        self.api("GET", f"/v1/operations/{word}")
        self.api("GET", f"/{word}/{word}")
        self.api("DELETE", f"{path}?reason={word}")
        self.api(word.upper(), path)
        head = {"Authorization": f"Bearer {word}", "Content-Type": "application/json"}
        self.raw("api", "PUT", path, body=json.dumps(good).encode(), headers=head)
        head["Authorization"] = f"Bearer {self.key}"
        self.raw("api", "PUT", path, body=json.dumps(good).encode()[:-9], headers=head)
        self.raw("api", "PUT", path, body=f'"{word}"'.encode(), headers=head)
        self.raw("api", "PUT", path, body=person["name"].encode("utf-16"), headers=head)
        head["Content-Type"] = word
        self.raw("api", "PUT", path, body=json.dumps(good).encode(), headers=head)
        for target in (
            f"/domain/{word}.example",
            f"/{word}",
            f"/entity/{word}",
            f"/domain/%00{word}",
        ):
            for query in ("", f"?{word}={word}"):
                self.raw("rdap", "GET", target + query, headers={"Host": f"{word}.example"})
        for line in (f"{word}.example", f"-x {word}", f"registrar {person['name']}", f"\x01{word}"):
            self.heard.keep("whois", self.service.whois(line.encode()))
        self.heard.keep("whois", self.service.whois(word.encode() * 100))

    def load(self) -> None:
        """An import, some of whose lines are faulty."""
        person = json.dumps(canary.contact("privacy", "registrant"), ensure_ascii=False)
        lines = [
            json.dumps(body(mode, f"{mode}-{number}.example"), ensure_ascii=False)
            for mode in canary.MODES
            for number in range(20)
        ]
        lines[5:5] = [
            person,
            lines[0][: len(lines[0]) // 2],
            json.dumps(body("proxy", canary.LATIN), ensure_ascii=False),
            lines[0],
            canary.CYRILLIC * 20,
        ]
        answer = self.raw(
            "api",
            "POST",
            "/v1/imports",
            body="\n".join(lines).encode(),
            headers={
                "Authorization": f"Bearer {self.key}",
                "Content-Type": "application/x-ndjson",
            },
        )
        assert answer.status == 202, answer.body
        state = self.service.wait_operation(answer.json["id"], self.key)
        assert state["failed"] >= 4, state
        self.heard.keep("api", json.dumps(state).encode())
        if state.get("errors_url"):
            self.api("GET", state["errors_url"])

    def end(self) -> None:
        """Ends of registrations, key changes and checks, as an operator would."""
        for number, reason in enumerate(
            ("registry_deleted", "transferred_out", "left_service", "error")
        ):
            name = f"privacy-{number}.example"
            assert self.api("DELETE", f"/v1/registrations/{name}?reason={reason}").status == 202
            self.ask(name)
        for words in (
            ("keys", "status"),
            ("keys", "rotate"),
            ("keys", "rotate", "--compromised"),
            ("doctor", "--everything"),
        ):
            assert self.command(*words) == 0
            assert self.command(*words, "--json") == 0
        for path in ("/metrics", "/health/live", "/health/ready"):
            self.raw("metrics", "GET", path)

    def plant(self, temporary: Path) -> None:
        """The other marker on every surface: by the program's own ways where there is one."""
        name = f"{PLANT}.example"
        assert self.api("PUT", f"/v1/registrations/{name}", body("proxy", name)).status == 201
        self.service.wait_published(name)
        self.ask(name)
        with self.service.stderr.open("a") as log:
            log.write(json.dumps({"event": "import_line_refused", "name": PLANT.upper()}) + "\n")
        (temporary / "spool.gz").write_bytes(gzip.compress(PLANT.encode()))
        (self.service.key_dir / "notes").write_text(PLANT.encode("utf-16-le").hex())
        self.heard.keep("problems", json.dumps({"detail": f"unknown city {PLANT}"}).encode())
        self.heard.keep("metrics", f'queries{{name="{PLANT}"}} 1'.encode())
        self.heard.keep("commands", f"1 unreadable: {PLANT}".encode())
        self.service.hints += PLANT

    async def look(self, temporary: Path) -> dict[str, bytes]:
        """Every surface as it is now, apart from files of a running database."""
        return {
            **self.heard.surfaces(),
            "stdout": self.service.hints.encode(),
            "stderr": self.service.stderr.read_bytes(),
            "tables": await surfaces.tables(self.service),
            "temporary files": surfaces.joined(surfaces.files(temporary), ""),
        }


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The directory for temporary files that the service is given."""
    made = tmp_path / "temporary"
    made.mkdir(mode=0o1777)
    return made


async def test_no_person_leaves_the_vault(tmp_path: Path, temporary: Path) -> None:
    """After a whole life no surface holds a person, and a planted marker is found on each."""
    service = running.start(tmp_path / "data", environment={"TMPDIR": str(temporary)})
    try:
        profile = tmp_path / "profile.json"
        profile.write_text(json.dumps(served.PROFILE))
        flow = Flow(service, service.add_registrar("Canary Registrar", profile)[1])
        flow.live()
        flow.fail()
        flow.load()
        flow.end()
        seen = await flow.look(temporary)
        flow.plant(temporary)
        seen_planted = await flow.look(temporary)
    finally:
        code = service.stop()
    assert code == 0
    stored = surfaces.stored(service)

    markers = canary.values([canary.contacts(mode) for mode in canary.MODES])
    may_be_seen = (
        canary.contact("privacy", "registrant")["name"],
        canary.contact("redacted", "registrant")["state"],
        canary.contact("published", "registrant")["state"],  # without a grant: as redacted
    )
    found = canary.Search(markers, apart=may_be_seen).scan_all(
        {**seen, **stored, "late stderr": service.stderr.read_bytes()}
    )
    assert found == [], "\n".join(found[:20])

    search = canary.Search((), cores=(PLANT,))
    planted = {**seen_planted, **stored}
    assert set(planted) == set(SURFACES)
    assert [surface for surface in SURFACES if not search.scan(planted[surface])] == []
