"""TLS of the API's listener with client certificates: who comes in has one of our authority.

Which certificate goes with which key is apps.api.client_keys'. Renewed files of the server's own
certificate count after a restart of the role.
"""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING

from proxy.errors import Unavailable

if TYPE_CHECKING:
    from proxy.settings import Settings


def context(settings: Settings) -> ssl.SSLContext | None:
    """The listener's TLS; None where there is no such listener. Unavailable names the setting."""
    if settings.api_tls_listen is None:
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.verify_mode = ssl.CERT_REQUIRED
    # A resumed session would keep a certificate beyond its end.
    made.options |= ssl.OP_NO_TICKET
    made.num_tickets = 0
    try:
        made.load_cert_chain(_file(settings.api_tls_cert), settings.api_tls_key)
    except (OSError, ValueError):
        raise Unavailable(
            "api_tls", "The files of api_tls_cert and api_tls_key can not be read as PEM."
        ) from None
    try:
        made.load_verify_locations(_file(settings.api_client_ca))
    except (OSError, ValueError):
        raise Unavailable(
            "api_tls", "The file of api_client_ca can not be read as PEM certificates."
        ) from None
    return made


def _file(path: object) -> str:
    return str(path or "")
