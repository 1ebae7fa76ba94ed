"""A reseller's day on the real service: brand, key, names, quota, rotation, end; by command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support import running
from tests.support.api import PROFILE, body

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.running import Running

pytestmark = [pytest.mark.db, pytest.mark.timeout(300)]

BRAND = {
    **PROFILE,
    "id": "webworks",
    "public_contact": {**PROFILE["public_contact"], "organization": "Webworks Privacy"},
    "relay_domain": "mask.webworks.example",
    "rdap": {**PROFILE["rdap"], "host_names": ["rdap.webworks.example"]},
    "trust": "declared",
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service of its own."""
    made = running.start(tmp_path_factory.mktemp("reseller") / "data")
    try:
        yield made
    finally:
        made.stop()


def told(service: Running, *words: str) -> Any:
    """What a command prints, as JSON."""
    done = service.command(*words, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def put(service: Running, name: str, key: str, **changes: Any) -> running.Reply:
    """A PUT of a name."""
    registry_id = f"D-{name}".upper()[:60]
    return service.api(
        "PUT",
        f"/v1/registrations/{name}",
        key,
        body=body(name, registry_domain_id=registry_id, **changes),
    )


def refused(service: Running, key: str) -> None:
    """Waits until a key is refused: API hosts notice within seconds."""
    for _ in running.until(30):
        if service.api("GET", "/v1/account", key).status == 401:
            return
    message = "the key still works"
    raise AssertionError(message)


def test_a_resellers_day(service: Running, tmp_path: Path) -> None:
    """From the first key to the last, and nobody else's names are ever seen."""
    files = {}
    for profile in (PROFILE | {"trust": "declared"}, BRAND):
        files[profile["id"]] = tmp_path / f"{profile['id']}.json"
        files[profile["id"]].write_text(json.dumps(profile))
    registrar, own = service.add_registrar("Quiet Harbour", files["quiet-harbour"])
    assert told(service, "profile", "check", str(files["webworks"])) == {"profile": "webworks"}
    told(service, "profile", "add", registrar, str(files["webworks"]))
    told(service, "reseller", "add", registrar, "Webworks", "--profile", "webworks")
    made = told(service, "registrar", "key", "add", registrar, "--reseller", "Webworks")
    key = made["api_key"]
    assert told(service, "registrar", "quota", registrar, "--names", "2", "--reseller", "Webworks")

    # Its names carry its brand, in answers and at port 43.
    assert put(service, "first.example", key).status == 201
    assert b"Registrant Organization: Webworks Privacy" in service.wait_published("first.example")
    assert b"Reseller: Webworks" in service.whois(b"first.example")
    assert put(service, "own.example", own, profile="quiet-harbour").status == 201
    assert service.api("GET", "/v1/registrations/own.example", key).status == 404
    assert put(service, "own.example", key).status == 404
    assert service.api("GET", "/v1/registrations", key).json["registrations"][0]["domain"] == (
        "first.example"
    )

    # Its quota is its own.
    assert put(service, "second.example", key).status == 201
    over = put(service, "third.example", key)
    assert (over.status, over.json["code"]) == (403, "quota_exceeded")
    assert put(service, "third.example", own, profile="quiet-harbour").status == 201
    quotas = told(service, "registrar", "show", registrar)["quotas"]
    assert quotas == [{"reseller": "Webworks", "names": 2, "used": 2, "left": 0}]

    # Its key is changed over, and the former one ends.
    rotated = told(service, "registrar", "key", "rotate", made["key"], "--overlap-hours", "1")
    assert service.api("GET", "/v1/account", key).status == 200
    assert service.api("GET", "/v1/account", rotated["api_key"]).json["reseller"] == "Webworks"
    told(service, "registrar", "key", "revoke", made["key"])
    refused(service, key)

    # Its end: no key, and its names stay the registrar's.
    assert told(service, "reseller", "remove", registrar, "Webworks")["keys_ended"] == 1
    refused(service, rotated["api_key"])
    kept = service.api("GET", "/v1/registrations/first.example", own)
    assert (kept.status, kept.json["reseller"]) == (200, "Webworks")
    secrets = (key, rotated["api_key"], own)
    shown = service.command("registrar", "show", registrar)
    assert shown.returncode == 0
    logged = service.stderr.read_text() + shown.stdout
    assert not any(one in logged for one in secrets)


def test_a_file_is_not_enrolled_under_another_registrar(service: Running, tmp_path: Path) -> None:
    """`import --registrar A` with a key of B sends nothing and says why."""
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps(PROFILE | {"trust": "declared"}))
    one, _ = service.add_registrar("One", profile)
    other, key = service.add_registrar("Other", profile)
    file, key_file = tmp_path / "names.ndjson", tmp_path / "key"
    file.write_text(json.dumps(body("import.example", registry_domain_id="DI-X")) + "\n")
    key_file.write_text(key)
    words = ("import", str(file), "--api-key-file", str(key_file), "--registrar")
    wrong = service.command(*words, one)
    assert wrong.returncode == 1
    assert "not of the registrar" in wrong.stderr
    assert key not in wrong.stderr
    assert service.api("GET", "/v1/registrations", key).json["registrations"] == []
    assert service.command(*words, other).returncode == 0
    assert service.api("GET", "/v1/registrations/import.example", key).status == 200
