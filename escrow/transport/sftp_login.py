"""Who an agent's SFTP server is, and how we log in.

The server's key is the one in the roster, given to asyncssh as the only one it trusts: no
known_hosts text is made of it, so that neither a pattern, a marker nor another port adds a key. No
certificate authority, no agent, no password, no configuration file of a user is consulted; we log
in with one key. Source: dependency facts s3.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import asyncssh

from proxy.errors import InvalidInput

if TYPE_CHECKING:
    from escrow.transport.sftp import Target

KEEPALIVE_S: Final = 15  # between questions whether the server is there; four without answer end it
HOST_KEY_ALGORITHMS: Final = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "rsa-sha2-512",
    "rsa-sha2-256",
)


def import_keys(host_key: str, client_key: bytes) -> tuple[asyncssh.SSHKey, asyncssh.SSHKey]:
    """The server's public key and our private one."""
    try:
        server = asyncssh.import_public_key(host_key)
    except asyncssh.KeyImportError:
        raise InvalidInput(
            "escrow_host_key_malformed", "The agent's host key in the roster is no OpenSSH key."
        ) from None
    try:
        return server, asyncssh.import_private_key(client_key)
    except (asyncssh.KeyImportError, asyncssh.KeyEncryptionError):
        raise InvalidInput(
            "escrow_ssh_key",
            "Our key for SFTP can not be read: it must be an OpenSSH private key without a "
            "pass-phrase.",
        ) from None


def _algorithms(host_key: asyncssh.SSHKey) -> list[str]:
    """What we ask the server to prove itself by: the pinned key's algorithms, then the others.

    A server of several keys shows the pinned one. One that has it no more shows another, and is
    refused for that; if only the pinned algorithms were asked for, it would just hang up.
    """
    pinned = {bytes(one).decode("ascii") for one in host_key.sig_algorithms}
    return sorted(HOST_KEY_ALGORITHMS, key=lambda one: one not in pinned)


async def connect(
    target: Target, host_key: asyncssh.SSHKey, client_key: asyncssh.SSHKey
) -> asyncssh.SSHClientConnection:
    """A connection to the server of that key, logged in by ours; errors are asyncssh's."""
    return await asyncssh.connect(
        target.host,
        target.port,
        config=None,
        known_hosts=([host_key], [], []),  # trusted keys, authorities, revoked keys
        server_host_key_algs=_algorithms(host_key),
        x509_trusted_certs=None,
        username=target.user,
        client_keys=[client_key],
        preferred_auth=("publickey",),
        disable_trivial_auth=True,  # a server that wants no key is not the agent's
        password_auth=False,
        kbdint_auth=False,
        host_based_auth=False,
        gss_auth=False,
        gss_kex=False,
        agent_path=None,
        compression_algs=["none"],  # what is encrypted does not get smaller
        connect_timeout=target.connect_s,
        login_timeout=target.login_s,
        keepalive_interval=KEEPALIVE_S,
        keepalive_count_max=4,
    )
