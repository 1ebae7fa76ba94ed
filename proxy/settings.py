"""Every setting of the service, with its default and unit.

Holds the one frozen `Settings` value and the only code that reads the environment. A TOML file is
overridden by `PRIVACYPROXY_*` variables, those by flags. Only the entry points of processes import
this: rooms take values as arguments. Secrets are never settings, only the paths of files that hold
them.
"""

from __future__ import annotations

import ipaddress
import os
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from proxy import setting_values as values
from proxy.errors import Fault, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "PRIVACYPROXY_"
DEFAULT_DATA_DIR = "var/privacyproxy"


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `requests` in `seconds` per client and host (contract, Settings)."""

    requests: int
    seconds: int

    @property
    def text(self) -> str:
        """The text it is parsed from."""
        return f"{self.requests}/{self.seconds}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a listener listens; port 0 takes a free one."""

    host: str
    port: int

    @property
    def text(self) -> str:
        """`host:port`, an IPv6 host in brackets."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _rate(value: object) -> RateLimit | None:
    if value == "off":
        return None
    requests, slash, seconds = values.text(value).partition("/")
    if not (slash and requests.isdecimal() and seconds.isdecimal()):
        raise values.refuse("N/seconds, such as 60/60, or off")
    if not (0 < int(requests) < 2**31 and 0 < int(seconds) <= 86_400):  # noqa: PLR2004 - a day
        raise values.refuse("at least one request in 1 to 86400 seconds, or off")
    return RateLimit(requests=int(requests), seconds=int(seconds))


def _addresses(value: object) -> tuple[Address, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts:
        raise values.refuse("one or more host:port")
    return tuple(_address(str(part).strip()) for part in parts)


def _address(value: object) -> Address:
    expected = "host:port with a numeric host, such as 127.0.0.1:4343 or [::]:43"
    host, _, port = values.text(value).rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise values.refuse(expected) from None
    if not port.isdecimal() or int(port) > 65_535:  # noqa: PLR2004 - the highest port
        raise values.refuse(expected)
    return Address(host=host, port=int(port))


_WHOIS_LISTEN = (Address(host="127.0.0.1", port=4343),)
_RDAP_LISTEN = (Address(host="127.0.0.1", port=4380),)
_API_LISTEN = (Address(host="127.0.0.1", port=4381),)
_WEB_LISTEN = (Address(host="127.0.0.1", port=4382),)
_SMTP_LISTEN = (Address(host="127.0.0.1", port=4325),)
_METRICS_LISTEN = Address(host="127.0.0.1", port=4390)
_WHOIS_RATE = RateLimit(requests=60, seconds=60)
_RDAP_RATE = RateLimit(requests=120, seconds=60)
_APPROVALS_RATE = RateLimit(requests=120, seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What an operator may choose. Field names are TOML keys and, in capitals, variables."""

    data_dir: Path  # directory of everything but keys
    key_dir: Path  # directory of keys; beside the data directory as DIR.keys

    # file: the root key lies open in KEY_DIR/vault; passphrase: it is wrapped with a pass phrase
    root_provider: str = "file"
    # file of that pass phrase, outside both directories; without file and descriptor `up` asks
    root_passphrase_file: Path | None = None
    root_passphrase_fd: int | None = None  # inherited descriptor to read it from

    database_url: str | None = None  # PostgreSQL >= 15 to use instead of the embedded one
    # one file per login (pp_owner, pp_api, ...) holding its password; KEY_DIR/database by default
    database_password_dir: Path | None = None
    # PEM file of the authority that signed the database's certificate
    database_ca: Path | None = None
    role_user_base: int = 59_400  # first numeric user id of the roles, when started as root

    whois_listen: tuple[Address, ...] = _WHOIS_LISTEN  # WHOIS listeners
    rdap_listen: tuple[Address, ...] = _RDAP_LISTEN  # RDAP listeners
    api_listen: tuple[Address, ...] = _API_LISTEN  # registrar API listeners
    web_listen: tuple[Address, ...] = _WEB_LISTEN  # public ledger and approvals by passkey
    smtp_listen: tuple[Address, ...] = _SMTP_LISTEN  # bounces of notices; nothing else is taken
    metrics_listen: Address = _METRICS_LISTEN  # metrics and health listener
    listen_backlog: int = 1_024  # connections the system may queue per listener
    ports: str = "fixed"  # auto: take free ports instead of those above

    edge_workers: int = 0  # WHOIS and RDAP processes; 0 for one per core
    # networks whose word on a client's address is believed: WHOIS by PROXY protocol, RDAP and
    # the limit on requests without a key by X-Forwarded-For
    trusted_proxies: tuple[values.Network, ...] = ()
    rate_limit_exempt: tuple[values.Network, ...] = ()  # networks without rate limits

    # WHOIS queries, N/seconds per client and host, or off
    whois_rate_limit: RateLimit | None = _WHOIS_RATE
    whois_max_connections: int = 1_024  # open WHOIS connections per worker
    whois_max_connections_per_client: int = 32  # open WHOIS connections of one client per worker
    whois_read_timeout_s: int = 10  # seconds a WHOIS client has for its one line

    # RDAP requests, N/seconds per client and host, or off
    rdap_rate_limit: RateLimit | None = _RDAP_RATE
    rdap_max_connections: int = 1_024  # open RDAP connections per worker
    rdap_max_connections_per_client: int = 64  # open RDAP connections of one client per worker
    rdap_read_timeout_s: int = 10  # seconds an RDAP client has for the head of a request
    rdap_idle_timeout_s: int = 60  # seconds an idle RDAP connection is kept
    rdap_base_url: str | None = None  # base address of RDAP links for profiles without one
    # PEM certificate chain; with rdap_tls_key RDAP speaks TLS itself
    rdap_tls_cert: Path | None = None
    rdap_tls_key: Path | None = None  # PEM private key of rdap_tls_cert
    web_base_url: str = "https://privacy.example"  # base address of the public request form

    # further listeners of the API, by TLS with client certificates alone
    api_tls_listen: tuple[Address, ...] | None = None
    api_tls_cert: Path | None = None  # PEM certificate chain of api_tls_listen
    api_tls_key: Path | None = None  # PEM private key of api_tls_cert
    api_client_ca: Path | None = None  # PEM file of the authority of client certificates
    api_client_keys: Path | None = None  # file of lines: API key's id, certificate's SHA-256

    api_rate_limit: RateLimit | None = None  # API requests, N/seconds per key and host, or off
    api_database_connections: int = 16  # database connections of the API
    api_body_octets: int = 65_536  # longest body of a single API request
    import_max_octets: int = 1_073_741_824  # longest import file
    import_line_octets: int = 65_536  # longest line of an import file
    import_batch_rows: int = 500  # registrations an import commits at once

    # requests without a key: the API's and the web's orders and rosters, and cosignatures handed
    # in; N/seconds per client and role, or off
    approvals_rate_limit: RateLimit | None = _APPROVALS_RATE

    casework_calendar: str = "IN-DL"  # whose public holidays the office of cases keeps (ISO 3166)
    casework_zone: str = "Asia/Kolkata"  # time zone of that office; days end by its clocks
    casework_limits: Path | None = None  # TOML file of limits of cases that differ from ours
    evidence_limit_octets: int = 26_214_400  # longest file that may be handed in with a case

    # networks that are not public and that webhooks may reach all the same, also without TLS
    webhook_networks: tuple[values.Network, ...] = ()

    reservation_days: int = 7  # days until a reservation lapses
    retention_days: int = 540  # days after the end until contacts are shredded
    superseded_days: int = 540  # days after replacement until old contacts are shredded
    backup_cycle_days: int = 35  # days until the last backup holding a destroyed key is gone
    ledger_interval_s: int = 10  # seconds between batches of the ledger
    # file of verifier keys, one a line, of witnesses whose cosignatures are taken and shown
    ledger_witnesses: Path | None = None
    # TOML file of registries that are asked who sponsors a name; without it nobody is asked
    sponsor_registries: Path | None = None
    escrow_plan: Path | None = None  # TOML file of escrow streams; without it nothing is deposited

    # domain of notices' senders and of their return paths, whose MX is smtp_listen; without it
    # notices wait in the outbox
    mail_domain: str | None = None
    mail_hostname: str | None = None  # what we say in EHLO; mail_domain by default
    mail_from: str | None = None  # sender of notices; notices@ the mail domain by default
    office_mail: str = "office@privacy.example"  # where people write to the office of cases
    office_address: str = "Privacy Office, 1 Harbour Road, New Delhi"  # its postal address
    office_arbitration: str = "arbitration.example"  # where a complaint about us can be taken
    mail_sender_name: str = "Domain privacy service"  # the name beside it
    # host:port that all mail goes through instead of each recipient's exchanger; what it takes is
    # no proof of delivery
    mail_route: values.MailRoute | None = None
    mail_tls: str = "offered"  # required: only to a host with a certificate of its name
    smtp_max_connections: int = 64  # open SMTP connections
    smtp_max_connections_per_client: int = 8  # open SMTP connections of one client

    drain_s: int = 5  # seconds open requests may take at a stop
    log_format: str = "auto"  # auto: console on a terminal, JSON otherwise
    log_level: str = "info"  # least level that is logged


_API_TLS = ("api_tls_cert", "api_tls_key", "api_client_ca", "api_client_keys")
_DAYS = values.whole(0, 36_500)
_SECONDS = values.whole(1, 3_600)
_COUNT = values.whole(1, 1_000_000)
_OCTETS = values.whole(1_024, 2**40)

_PARSERS: Mapping[str, Callable[[object], object]] = {
    "data_dir": values.path,
    "key_dir": values.path,
    "root_provider": values.choice("file", "passphrase"),
    "root_passphrase_file": values.path,
    "root_passphrase_fd": values.whole(0, 65_535),
    "database_url": values.database_url,
    "database_password_dir": values.path,
    "database_ca": values.path,
    "role_user_base": values.whole(1, 2**31 - 8),
    "whois_listen": _addresses,
    "rdap_listen": _addresses,
    "api_listen": _addresses,
    "web_listen": _addresses,
    "smtp_listen": _addresses,
    "metrics_listen": _address,
    "listen_backlog": _COUNT,
    "ports": values.choice("fixed", "auto"),
    "edge_workers": values.whole(0, 256),
    "trusted_proxies": values.networks,
    "rate_limit_exempt": values.networks,
    "whois_rate_limit": _rate,
    "whois_max_connections": _COUNT,
    "whois_max_connections_per_client": _COUNT,
    "whois_read_timeout_s": _SECONDS,
    "rdap_rate_limit": _rate,
    "rdap_max_connections": _COUNT,
    "rdap_max_connections_per_client": _COUNT,
    "rdap_read_timeout_s": _SECONDS,
    "rdap_idle_timeout_s": _SECONDS,
    "rdap_base_url": values.http_url,
    "rdap_tls_cert": values.path,
    "rdap_tls_key": values.path,
    "web_base_url": values.http_url,
    "api_tls_listen": _addresses,
    **dict.fromkeys(_API_TLS, values.path),
    "api_rate_limit": _rate,
    "approvals_rate_limit": _rate,
    "api_database_connections": values.whole(1, 500),
    "api_body_octets": _OCTETS,
    "import_max_octets": _OCTETS,
    "import_line_octets": _OCTETS,
    "import_batch_rows": values.whole(1, 5_000),
    "casework_calendar": values.place,
    "casework_zone": values.zone,
    "casework_limits": values.path,
    "evidence_limit_octets": values.whole(1_024, 64 << 20),
    "webhook_networks": values.networks,
    "reservation_days": _DAYS,
    "retention_days": _DAYS,
    "superseded_days": _DAYS,
    "backup_cycle_days": _DAYS,
    "ledger_interval_s": _SECONDS,
    "ledger_witnesses": values.path,
    "sponsor_registries": values.path,
    "escrow_plan": values.path,
    "mail_domain": values.mail_domain,
    "mail_hostname": values.mail_domain,
    "mail_from": values.mail_from,
    "office_mail": values.printable,
    "office_address": values.printable,
    "office_arbitration": values.printable,
    "mail_sender_name": values.printable,
    "mail_route": values.mail_route,
    "mail_tls": values.choice("offered", "required"),
    "smtp_max_connections": _COUNT,
    "smtp_max_connections_per_client": _COUNT,
    "drain_s": values.whole(0, 600),
    "log_format": values.choice("auto", "json", "console"),
    "log_level": values.choice("debug", "info", "warning", "error"),
}


def read(
    *, config: Path | None, environ: Mapping[str, str], flags: Mapping[str, object]
) -> Settings:
    """The settings of a TOML file, then `PRIVACYPROXY_*`, then flags that are not None.

    Raises InvalidInput with every fault found; messages name the setting, never its value.
    """
    known = {each.name for each in fields(Settings)}
    given: dict[str, object] = {"data_dir": DEFAULT_DATA_DIR}
    faults = []
    if config is not None:
        table = _table(config)
        faults = [
            _fault(name, "unknown_setting", "no such setting") for name in table.keys() - known
        ]
        given |= {name: value for name, value in table.items() if name in known}
    given |= {name: environ[_variable(name)] for name in known if environ.get(_variable(name))}
    given |= {name: value for name, value in flags.items() if value is not None}
    if "key_dir" not in given and isinstance(given["data_dir"], str | Path):
        given["key_dir"] = f"{Path(given['data_dir']).absolute()}.keys"
    return _parse(given, faults)


def from_environment(config: Path | None, flags: Mapping[str, object]) -> Settings:
    """The settings of this very process: the only reading of the environment in the program."""
    return read(config=config, environ=os.environ, flags=flags)


def dump(settings: Settings) -> dict[str, object]:
    """The settings as JSON-able values, which `load` reads back."""
    plain = {each.name: _plain(getattr(settings, each.name)) for each in fields(Settings)}
    return {
        name: "off" if value is None and _PARSERS[name] is _rate else value
        for name, value in plain.items()
    }


def load(given: Mapping[str, object]) -> Settings:
    """The settings of a `dump`: how a supervisor hands them to its processes."""
    return _parse({name: value for name, value in given.items() if value is not None}, [])


def unknown_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """The `PRIVACYPROXY_*` variables that name no setting: likely misspelt, worth a warning."""
    known = {_variable(each.name) for each in fields(Settings)}
    return tuple(sorted(name for name in environ if name.startswith(PREFIX) and name not in known))


def unknown_in_environment() -> tuple[str, ...]:
    """The same of this very process."""
    return unknown_variables(os.environ)


def _variable(name: str) -> str:
    return PREFIX + name.upper()


def _table(config: Path) -> dict[str, object]:
    try:
        return tomllib.loads(config.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(
            "config_unreadable", f"can not read {config}: {error.strerror}"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        place = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "not UTF-8"
        raise InvalidInput("config_not_toml", f"{config} is not TOML: {place}") from None


def _parse(given: Mapping[str, object], faults: list[Fault]) -> Settings:
    parsed: dict[str, object] = {}
    for each in fields(Settings):
        if each.name not in given:
            continue
        try:
            parsed[each.name] = _PARSERS[each.name](given[each.name])
        except InvalidInput as error:
            faults.append(_fault(each.name, "invalid_setting", error.detail))
    if "rdap_tls_cert" in parsed and "rdap_tls_key" not in parsed:
        faults.append(_fault("rdap_tls_key", "missing_setting", "needed with rdap_tls_cert"))
    if "api_tls_listen" in parsed:
        lacking = [name for name in _API_TLS if name not in parsed]
        faults += [
            _fault(name, "missing_setting", "needed with api_tls_listen") for name in lacking
        ]
    if "root_passphrase_file" in parsed and "root_passphrase_fd" in parsed:
        faults.append(
            _fault("root_passphrase_fd", "invalid_setting", "root_passphrase_file is set")
        )
    if faults:
        detail = "; ".join(f"{fault.pointer.lstrip('/')}: {fault.detail}" for fault in faults)
        raise InvalidInput("invalid_settings", detail, tuple(faults))
    return Settings(**parsed)  # type: ignore[arg-type]  # each value came from its field's parser


def _fault(name: str, code: str, detail: str) -> Fault:
    return Fault(pointer=f"/{name}", code=code, detail=detail)


def _plain(value: object) -> object:
    match value:
        case None:
            return None
        case tuple():
            return [_plain(part) for part in value]
        case bool() | int() | str():
            return value
        case RateLimit() | Address() | values.MailRoute():
            return value.text
        case _:
            return str(value)
