"""A registrar reads back its own customer on the real service, with the script of the guide."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support import running
from tests.support.api import PROFILE, body
from tests.support.team import Team

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

pytestmark = [pytest.mark.db, pytest.mark.timeout(300)]

GUIDE = Path(__file__).parents[2] / "proxy" / "docs" / "registrar-guide.md"
ROLES = {"anna": '"legal", "decider"', "ben": '"decider"', "chris": '"dpo"'}
THREE = {name: [name] for name in ROLES}
RULE = """
[rules."registrar key"]
approvals = 2
voters = ["decider"]
each = ["decider", "legal"]
"""
NAME, SECOND = "kaveri.example", "noyyal.example"
FIND = ("search", "email", "Ticket 18: asks for all data held.")
ASKED = ("ask", NAME, "registrant.name,admin.email", "customer", "Ticket 17: Größe fehlt.")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A service that runs, and a team that has agreed on registrars' keys."""
    base = tmp_path_factory.mktemp("read-back")
    service = running.start(base / "data", "--demo")
    folder = base / "team"
    folder.mkdir()
    made = Team(service, folder, roles=ROLES, rules=RULE)
    made.found(**THREE)
    yield made
    assert service.stop() == 0


def script(
    folder: Path,
    words: tuple[str, ...],
    said: str = "",
    name: str = "read_back",
    **environment: str,
) -> tuple[int, str, str]:
    """What one of the guide's scripts does in a folder of the registrar's, `said` on its input."""
    found = rf"^Save this as `{name}\.py`[^\n]*\n\n```python\n(.*?)^```$"
    (text,) = re.findall(found, GUIDE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    file = folder / f"{name}.py"
    file.write_text(text, "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", file, *words],
        cwd=folder, env={"LC_ALL": "C.UTF-8", **environment}, input=said,
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return done.returncode, done.stdout, done.stderr


def key_in_force(team: Team, tenant: str, folder: Path) -> str:
    """The order by which the registrar got the key in `folder`, once it holds."""
    propose = ("registrar", "read-back-key", "propose", tenant, "--reason", "Letter of 3 May.")
    order: str = team.done(*propose, "--key", str(folder / "public.json"))["order"]
    told = ("--roster", team.digest())
    for name in THREE:
        seen = team.approve(order, name, *told)
        assert seen.returncode == 0, seen.stderr
        assert json.loads((folder / "public.json").read_text())["signing"] in seen.stderr
    assert team.done("order", "carry-out", order)["kind"] == "registrar key"
    return order


def ready(team: Team, folder: Path, environment: Mapping[str, str]) -> str:
    """What the script prints once the key holds: after a second, in a demo."""
    said = ""
    for _ in running.until(30):
        code, out, said = script(folder, ASKED, **environment)
        if code == 0:
            return out
    raise AssertionError(said)


def adopted(team: Team, key: str, name: str) -> None:
    """Returns once the vault has taken the contacts of a name over."""
    for _ in running.until(30):
        if team.service.api("GET", f"/v1/registrations/{name}/status", key).json["adopted"]:
            return
    raise AssertionError(name)


def search_all(team: Team, folder: Path, environment: Mapping[str, str], first: str) -> None:
    """All names of the person, however the address is written; of nobody, and to nobody, none."""
    content = body(SECOND, registry_domain_id="D2")
    made = team.service.api("PUT", f"/v1/registrations/{SECOND}", first, body=content)
    assert made.status == 201, made.body
    adopted(team, first, SECOND)

    def find(field: str, value: str, **changes: str) -> tuple[int, set[str], str]:
        words = ("search", field, FIND[2])
        code, out, said = script(folder, words, f"{value}\n", **{**environment, **changes})
        return code, set(out.splitlines()), said

    both = {f"{one} active registrant,admin" for one in (NAME, SECOND)}
    assert find("email", "ZQMARK@people.example") == (0, both, "")
    assert find("name", "zqmark  PERSON") == (0, both, "")
    assert find("email", "zqmark@nowhere.example") == (0, set(), "")
    assert find("email", "zqmark@people.example", RESELLER="nobody") == (0, set(), "")
    code, none, said = find("email", "zqmark@people.example", API_KEY=first)
    assert (code, none, "403" in said) == (1, set(), True)  # the first key lacks the scope


def publishes_and_withdraws(team: Team, folder: Path, environment: Mapping[str, str]) -> None:
    """By the guide's other script: taken, announced, not shown, and taken back."""
    (folder / "form.txt").write_text("Yes, show my name.")
    now = datetime.now(UTC)  # noqa: TID251 - a real service has the real clock
    given_at = now.strftime("%Y-%m-%dT%H:%M:%SZ")
    words = (NAME, "web_form", given_at, "form.txt", "registrant.name")
    code, out, said = script(folder, words, name="publish", **environment)
    assert (code, out.split()[:1]) == (0, ["waiting"]), said
    path, key = f"/v1/registrations/{NAME}", environment["API_KEY"]
    shown = team.service.api("GET", path, key).json["public_contacts"]["registrant"]
    assert shown["name"] is None
    state = team.service.api("GET", f"{path}/publication", key).json
    assert (state["state"], state["fields"]) == ("waiting", ["registrant.name"])
    ended = team.service.api("DELETE", f"{path}/publication", key).json
    assert ended["state"] == "withdrawn"


def test_a_registrar_reads_back_and_then_no_more(team: Team, tmp_path: Path) -> None:
    """From two key files to the customer's name, over real processes; a member ends it."""
    folder = tmp_path / "registrar"
    folder.mkdir()
    profile = tmp_path / "profile.json"
    profile.write_text(json.dumps({**PROFILE, "trust": "declared"}))
    tenant, first = team.service.add_registrar("Quiet Harbour AS", profile)
    made = team.service.api(
        "PUT", f"/v1/registrations/{NAME}", first, body=body(NAME, mode="published")
    )
    assert made.status == 201, made.body
    key = team.done(
        "registrar", "key", "add", tenant, "--scopes", "registrations:read,read_back,search,publish"
    )["api_key"]  # fmt: skip
    vault = (team.service.data_dir / "vault.pub").read_text().split()[1]
    environment = {"API": team.service.addresses["api"], "API_KEY": key, "VAULT": vault}

    assert script(folder, ("make",))[0] == 0
    assert (folder / "private.json").stat().st_mode & 0o077 == 0
    code, _, said = script(folder, ASKED, **environment)
    assert code == 1
    assert "403" in said  # no key, no read-back

    order = key_in_force(team, tenant, folder)
    assert json.loads(ready(team, folder, environment)) == {
        "registrant.name": "Zqmark Person",
        "admin.email": "zqmark@people.example",
    }
    search_all(team, folder, environment, first)
    (kept,) = team.done("registrar", "read-back-key", "show", tenant)
    assert kept["signing"] == json.loads((folder / "public.json").read_text())["signing"]

    # The first key lacks the scope; an answer of another vault is not believed.
    assert "403" in script(folder, ASKED, **environment | {"API_KEY": first})[2]
    assert "InvalidSignature" in script(folder, ASKED, **environment | {"VAULT": "11" * 32})[2]

    publishes_and_withdraws(team, folder, environment)

    # chris has doubts, and is enough.
    assert json.loads(team.approve(order, "chris", "--revoke-key").stdout) == {"state": "revoked"}
    code, _, said = script(folder, ASKED, **environment)
    assert code == 1
    assert "403" in said
    assert team.done("registrar", "read-back-key", "show", tenant) == []
    code, _, said = script(folder, FIND, "zqmark@people.example\n", **environment)
    assert (code, "403" in said) == (1, True)

    # What all processes wrote down of it: nobody.
    logs = team.service.stderr.read_bytes().lower()
    assert b"vault_refused" in logs
    for mark in (b"zqmark", "größe".encode()):
        assert mark not in logs


def test_bad_key_files_are_told_without_what_they_hold(team: Team, tmp_path: Path) -> None:
    """A file of another form, perhaps a secret, is refused and never repeated."""
    tenant = "0198c0de-0000-7000-8000-000000000001"
    words = ("registrar", "read-back-key", "propose", tenant, "--reason", "x", "--key")
    secret, file = "f00d" * 16, tmp_path / "public.json"
    for content in (
        secret,
        f'{{"signing": "{secret}"}}',
        f'{{"signing": "{secret.upper()}", "x": 1}}',
    ):
        file.write_text(content)
        done = team.run(*words, str(file))
        assert done.returncode == 1
        assert "64 small digits" in done.stderr
        assert secret not in done.stderr.lower()
    absent = team.run(*words, str(tmp_path / "none"))
    assert (absent.returncode, "can not be read" in absent.stderr) == (1, True)
    file.write_text(json.dumps({"signing": secret, "sealing": secret}))
    stranger = team.run(*words, str(file))
    assert (stranger.returncode, "no registrar by this id" in stranger.stderr) == (1, True)
