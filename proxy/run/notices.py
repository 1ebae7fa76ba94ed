"""The templates of notices, read from the program's own files, for the office of the settings."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Final

from proxy.wire.notice_facts import LOCALES
from proxy.wire.notices import Catalogue, Office

if TYPE_CHECKING:
    from proxy.settings import Settings

_FOLDER: Final = resources.files("proxy") / "notices"
_ENDING: Final = ".ftl"


def load(settings: Settings) -> Catalogue:
    """Every template in every language; read once, before rights are dropped."""
    return Catalogue(sources(), office(settings))


def sources() -> dict[str, tuple[str, ...]]:
    """What the files of each language hold, in the order of their names."""
    found = {}
    for language in LOCALES:
        files = sorted((_FOLDER / language).iterdir(), key=lambda one: one.name)
        found[language] = tuple(
            one.read_text("utf-8") for one in files if one.name.endswith(_ENDING)
        )
    return found


def office(settings: Settings) -> Office:
    """Who writes, as the settings say."""
    return Office(
        name=settings.mail_sender_name,
        mail=settings.office_mail,
        postal=settings.office_address,
        site=settings.web_base_url,
        arbitration=settings.office_arbitration,
        zone=settings.casework_zone,
    )
