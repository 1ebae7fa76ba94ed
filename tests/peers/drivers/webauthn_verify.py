"""The `webauthn` package verifies one assertion; takes JSON on stdin, prints whether it holds.

In: assertion (toJSON), spki (hex), challenge (hex), rp_id, origins. Out: verified, and why not.
"""

import json
import sys

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from webauthn import verify_authentication_response
from webauthn.helpers.exceptions import WebAuthnException

given = json.load(sys.stdin)
key = load_der_public_key(bytes.fromhex(given["spki"]))
# RFC 9053 s7.1 and s7.2: kty, alg, crv, x and, for P-256, y.
if isinstance(key, Ed25519PublicKey):
    cose = {1: 1, 3: -8, -1: 6, -2: key.public_bytes_raw()}
else:
    point = key.public_numbers()
    cose = {1: 2, 3: -7, -1: 1, -2: point.x.to_bytes(32, "big"), -3: point.y.to_bytes(32, "big")}
try:
    verify_authentication_response(
        credential=given["assertion"],
        expected_challenge=bytes.fromhex(given["challenge"]),
        expected_rp_id=given["rp_id"],
        expected_origin=given["origins"],
        credential_public_key=cbor2.dumps(cose),
        credential_current_sign_count=0,
        require_user_verification=True,
    )
except WebAuthnException as refusal:
    print(json.dumps({"verified": False, "why": str(refusal)}))
else:
    print(json.dumps({"verified": True, "why": ""}))
