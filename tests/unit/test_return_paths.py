"""Return paths of notices: only we can make one."""

from __future__ import annotations

from uuid import UUID

import pytest

from proxy.model.case import NoticeId
from proxy.outbound import mail
from proxy.vault.return_path import ReturnPaths

NOTICE = NoticeId(UUID("0190f5c2-1234-7000-8000-0000000000ff"))
PATHS = ReturnPaths(bytes(range(32)))


def test_a_return_path_names_its_notice_in_any_case_of_letters() -> None:
    """What we make we read, as hosts may write it; it fits a local part."""
    local = PATHS.local_part(NOTICE)
    assert PATHS.notice(local) == NOTICE
    assert PATHS.notice(local.upper()) == NOTICE
    assert len(local) <= 64
    assert mail.return_path(local, "mail.registrar.example") == f"{local}@mail.registrar.example"


def test_no_character_of_a_return_path_can_be_another() -> None:
    """Each single change of its 42 characters makes it nobody's."""
    local = PATHS.local_part(NOTICE)
    head = len("bounce+")
    for place in range(head, len(local)):
        for other in "abcdefghijklmnopqrstuvwxyz234567":
            forged = local[:place] + other + local[place + 1 :]
            # The last character has two bits that say nothing; the content must be the same.
            assert forged == local or place == len(local) - 1 or PATHS.notice(forged) is None


@pytest.mark.parametrize(
    "local",
    [
        "",
        "bounce+",
        "bounce",
        "postmaster",
        "bounce+" + "a" * 42,
        "bounce+" + "1" * 42,
        "bounce+é" * 7,
    ],
)
def test_anything_else_is_nobodys(local: str) -> None:
    """What we did not make names no notice."""
    assert PATHS.notice(local) is None


def test_another_relays_paths_are_not_ours() -> None:
    """A key of another relay makes nothing that we take."""
    assert ReturnPaths(bytes(32)).notice(PATHS.local_part(NOTICE)) is None
