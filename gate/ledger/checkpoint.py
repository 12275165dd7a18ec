"""Signed checkpoints: where the chain stood at a moment, in one line that fits a file, an e-mail or a sheet of paper.

    menwei-checkpoint/1 SEQ AT HASH KEY SIGNATURE

HASH is the hash of row SEQ, KEY the Ed25519 public key (32 bytes) and SIGNATURE its signature (64 bytes) over the line
up to and without the space before it; all three in lower-case hex, and AT as in a row.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from enrollment.keyring import read_secret

VERSION = "menwei-checkpoint/1"
LINE = re.compile(
    rf"{VERSION} (?P<seq>[1-9][0-9]{{0,17}}) (?P<at>[0-9T:.-]{{26}}Z)"
    r" (?P<hash>[0-9a-f]{64}) (?P<key>[0-9a-f]{64}) (?P<signature>[0-9a-f]{128})"
)
EVERY_ROWS = 800
"""With at most 200 rows a commit, no more than 1,000 are ever without a checkpoint on disk."""
EVERY_S = 45.0
"""Less than a minute, so that a slow commit does not make it more than one."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed statement that row `seq` has the hash `hash`. Whether the signature holds is `genuine`'s to say."""

    seq: int
    at: str
    hash: bytes
    key: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> Self | None:
        """The checkpoint of a line, None for anything else."""
        found = LINE.fullmatch(line.strip())
        if not found:
            return None
        return cls(
            int(found["seq"]), found["at"], *(bytes.fromhex(found[name]) for name in ("hash", "key", "signature"))
        )

    @property
    def statement(self) -> str:
        """What is signed."""
        return f"{VERSION} {self.seq} {self.at} {self.hash.hex()} {self.key.hex()}"

    def __str__(self) -> str:
        return f"{self.statement} {self.signature.hex()}"

    @property
    def genuine(self) -> bool:
        """Whether the signature is that of `key`; whose key it is must be known from elsewhere."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, self.statement.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


class Signer:
    """Signs checkpoints with the compound's own Ed25519 key."""

    def __init__(self, seed: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = self._key.public_key().public_bytes_raw()
        """The public key, 32 bytes."""

    @classmethod
    def open(cls, path: Path, *, create: bool = False) -> Self:
        """The signer of a key file of 32 secret bytes. Raises `KeyUnusable` as `Keyring.open` does."""
        return cls(read_secret(path, create=create))

    def sign(self, seq: int, at: str, hash_: bytes) -> Checkpoint:
        """The checkpoint of a row."""
        unsigned = Checkpoint(seq, at, hash_, self.public, b"")
        signature = self._key.sign(unsigned.statement.encode())
        return Checkpoint(seq, at, hash_, self.public, signature)

    def sign_bytes(self, content: bytes) -> bytes:
        """The signature of the manifest of an export."""
        return self._key.sign(content)


def fingerprint(key: bytes) -> str:
    """A public key as people compare it: eight groups of four hex digits of its SHA-256."""
    digest = hashlib.sha256(key).hexdigest()[:32]
    return " ".join(digest[start : start + 4] for start in range(0, 32, 4))
