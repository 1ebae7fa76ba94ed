"""RFC 3161 time stamps over checkpoints: a third party's word that a checkpoint existed by then.

What is stamped is the SHA-256 of the note's text, without signature lines. Not trusted for more
than its time: who stamps sees a hash alone. The certificate path is checked as of the stamp's own
time, so a stamp outlives its certificate, and says nothing once the authority's key is stolen.
Source: RFC 3161; the verification is the package rfc3161-client's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import rfc3161_client
from cryptography import x509

from proxy.errors import InvalidInput, Refused
from proxy.vault import primitives

if TYPE_CHECKING:
    from datetime import datetime

RESPONSE_LIMIT_OCTETS = 1 << 16  # a token with its certificates is some thousand octets
CERTIFICATES_LIMIT_OCTETS = 1 << 20
_SHA256 = "2.16.840.1.101.3.4.2.1"


def request(text: str) -> tuple[bytes, int | None]:
    """The DER request for a note's text, and its fresh nonce, which the answer must repeat."""
    builder = rfc3161_client.TimestampRequestBuilder()
    made = builder.data(text.encode()).hash_algorithm(rfc3161_client.HashAlgorithm.SHA256)
    asked = made.cert_request(cert_request=True).nonce(nonce=True).build()
    return asked.as_bytes(), asked.nonce


def check_answer(response: bytes, text: str, nonce: int | None) -> None:
    """Refused `anchor_refused` or `anchor_other` unless it is the answer to our request.

    Proves nothing yet: `verified` checks the signature.
    """
    found = _decoded(response)
    _check_imprint(found, text)
    if found.tst_info.nonce != nonce:
        raise Refused("anchor_other", "The time stamp is an answer to another request.")


def verified(response: bytes, text: str, certificates: bytes) -> datetime:
    """The time by which the text existed, by the word of who holds the PEM certificates.

    Each certificate given is trusted as a root or as the stamper's own. Refused `anchor_refused`,
    `anchor_other`, `anchor_signature`; InvalidInput `anchor_malformed`, `anchor_certificate`.
    """
    found = _decoded(response)
    _check_imprint(found, text)
    try:
        roots = x509.load_pem_x509_certificates(certificates)
    except ValueError:
        raise InvalidInput("anchor_certificate", "These are no PEM certificates.") from None
    builder = rfc3161_client.VerifierBuilder()
    for one in dict.fromkeys(roots):
        builder = builder.add_root_certificate(one)
    try:
        builder.build().verify_message(found, text.encode())
    except (rfc3161_client.VerificationError, ValueError):
        sentence = "The time stamp is not signed by who holds these certificates."
        raise Refused("anchor_signature", sentence) from None
    at: datetime = found.tst_info.gen_time
    return at


def _decoded(response: bytes) -> rfc3161_client.TimeStampResponse:
    if len(response) > RESPONSE_LIMIT_OCTETS:
        raise InvalidInput("anchor_malformed", "This is no time stamp.")
    try:
        return rfc3161_client.decode_timestamp_response(response)
    except ValueError:
        raise InvalidInput("anchor_malformed", "This is no time stamp.") from None


def _check_imprint(found: rfc3161_client.TimeStampResponse, text: str) -> None:
    """Refused unless it was granted, over the SHA-256 of the text."""
    try:
        is_granted = found.status == rfc3161_client.PKIStatus.GRANTED
        imprint = found.tst_info.message_imprint if is_granted else None
    except ValueError:
        raise InvalidInput("anchor_malformed", "This is no time stamp.") from None
    if imprint is None:
        raise Refused("anchor_refused", "The time-stamping authority said no.")
    is_sha256 = imprint.hash_algorithm.dotted_string == _SHA256
    if not is_sha256 or imprint.message != primitives.sha256(text.encode()):
        raise Refused("anchor_other", "The time stamp is over something else.")
