"""`privacyproxy registrar read-back-key`: by which keys a registrar reads back its own customers.

Proposes orders; members vote with `approve`, the operator has them carried out with `order`. Works
beside the running vault, over the operator's socket; no private key of anybody comes here.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final
from uuid import UUID

import msgspec

from proxy.errors import InvalidInput
from proxy.model.identifiers import TenantId
from proxy.model.order import ChangeRegistrarKey, OrderKind, RegistrarKey
from proxy.rules.approval_matrix import MATRIX
from proxy.run import accounts as desk
from proxy.run.cli import account_words, keys, proposing
from proxy.run.cli.roster import in_force
from proxy.wire import frames, order_document

if TYPE_CHECKING:
    import argparse

    from proxy.hosting.flags import Actions
    from proxy.settings import Settings

NAME: Final = "read-back-key"
COLUMNS: Final = ("signing", "sealing", "holds_from", "order_sha256")
FILE_LIMIT_OCTETS: Final = 4096

_LONGEST_H: Final = int(MATRIX[OrderKind.REGISTRAR_KEY].longest / timedelta(hours=1))
_ID: Final = "0198c0de-0000-7000-8000-000000000001"  # of the examples
_Hex = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class _File(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    signing: _Hex
    sealing: _Hex


def configure(actions: Actions) -> None:
    """Add `read-back-key` to the actions of `registrar`."""
    whole = account_words.action(
        actions, NAME, "the key by which it reads back its customers",
        f"registrar read-back-key show {_ID}",
    )  # fmt: skip
    below = account_words.below(whole)
    propose = account_words.action(
        below, "propose", "an order for a key; the guide says how a registrar makes one",
        f'registrar read-back-key propose {_ID} --key public.json --reason "Letter of 3 May."',
    )  # fmt: skip
    propose.add_argument(
        "--key", type=Path, required=True, metavar="FILE",
        help='its public halves, as it handed them over: {"signing": HEX, "sealing": HEX}',
    )  # fmt: skip
    end = account_words.action(
        below, "propose-end", "an order by which it has no key any more",
        f'registrar read-back-key propose-end {_ID} --reason "It has left."',
    )  # fmt: skip
    for one in (propose, end):
        proposing.configure(one, usual_h=_LONGEST_H, longest_h=_LONGEST_H)
    show = account_words.action(
        below, "show", "the key in force, and one that waits",
        f"registrar read-back-key show {_ID}",
    )  # fmt: skip
    for one in (propose, end, show):
        one.add_argument("registrar", type=UUID, metavar="REGISTRAR", help="its id")


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """0 when it was done; raises NotFound for a registrar there is not, or the vault's refusal."""
    tenant_id = TenantId(arguments.registrar)
    path = keys.socket_path(settings.data_dir)
    if arguments.deed == "show":
        rows = _kept(path, tenant_id)
        return account_words.tell(rows, COLUMNS, as_json=arguments.json)
    key = _read(arguments.key) if arguments.deed == "propose" else None
    account = account_words.as_operator(
        settings, lambda connection: desk.require(connection, tenant_id)
    )
    return _propose(path, arguments, key, account.name)


def _propose(path: Path, arguments: argparse.Namespace, key: RegistrarKey | None, name: str) -> int:
    under = in_force(path)
    tenant_id = TenantId(arguments.registrar)
    kept = _kept(path, tenant_id)
    newest = (
        RegistrarKey(signing=kept[-1]["signing"], sealing=kept[-1]["sealing"]) if kept else None
    )
    change = ChangeRegistrarKey(
        tenant_id=tenant_id, key=key, replaces=order_document.registrar_key_digest(newest)
    )
    made = proposing.propose(path, arguments, under, OrderKind.REGISTRAR_KEY, change)
    whose = account_words.printable(name, "")
    sentence = f"By this installation's accounts that registrar is {whose}."
    return proposing.tell(made, under[0], sentence, as_json=arguments.json)


def _kept(path: Path, tenant_id: TenantId) -> list[dict[str, Any]]:
    """The registrar's keys by the vault's own state, the newest last."""
    answer: Any = keys.last(keys.ask(path, frames.ShowRegistrarKeys(tenant=str(tenant_id))))
    return list(answer["keys"])


def _read(file: Path) -> RegistrarKey:
    """The public halves; InvalidInput never repeats what the file holds: it may be a secret."""
    try:
        with file.open("rb") as source:
            found = msgspec.json.decode(source.read(FILE_LIMIT_OCTETS), type=_File)
    except OSError as error:
        raise InvalidInput("key", f"{file} can not be read: {error.strerror}.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        raise InvalidInput(
            "key", f'{file} is not {{"signing": HEX, "sealing": HEX}}, 64 small digits each.'
        ) from None
    return RegistrarKey(signing=found.signing, sealing=found.sealing)
