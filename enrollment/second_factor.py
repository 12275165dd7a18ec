"""Codes of the time (TOTP, RFC 6238) as an optional second factor, and recovery codes for a lost phone."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pyotp
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.orm import Session

from enrollment.accounts import Account, account_of
from enrollment.act import Act, Record
from enrollment.database import reading, writing
from enrollment.errors import EntryRefused, KeyUnusable, NotEnrolled
from enrollment.keyring import Keyring
from enrollment.tables import AccountRow, RecoveryRow

STEPS_OFF = 1
"""A phone's clock may be one step of 30 s off, either way; RFC 6238, 5.2 recommends no more."""

RECOVERY_CODES = 10
RECOVERY_BYTES = 10
"""80 random bits: a digest of them needs no slow hash, there is no dictionary to try."""

_ISSUER = "Menwei"
_SPACES = re.compile(r"[\s-]+")


@dataclass(frozen=True, slots=True)
class Offer:
    """A secret on its way into somebody's phone. `sealed` comes back with the first code; nothing is stored before."""

    secret: str
    address: str
    sealed: str


class SecondFactor:
    """Turns codes on and off and takes each once. `now` gives aware UTC."""

    def __init__(
        self,
        engine: Engine,
        record: Record,
        keyring: Keyring,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._engine = engine
        self._record = record
        self._keyring = keyring
        self._now = now

    def offer(self, account: Account) -> Offer:
        """A fresh secret for an account, with the `otpauth:` address that an authenticator reads from a picture."""
        secret = pyotp.random_base32()
        address = pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=_ISSUER)
        sealed = self._keyring.seal(secret.encode(), _offered_to(account.id))
        return Offer(secret, address, base64.urlsafe_b64encode(sealed).decode())

    def offered(self, account: Account, sealed: str) -> Offer:
        """The same offer again, for a page that shows it once more. Raises `EntryRefused` as `turn_on` does."""
        secret = self._opened(account.id, sealed)
        address = pyotp.TOTP(secret).provisioning_uri(name=account.username, issuer_name=_ISSUER)
        return Offer(secret, address, sealed)

    def turn_on(self, account_id: str, sealed: str, code: str) -> tuple[str, ...]:
        """Ask for codes from now on, once the phone has shown a right one; gives the recovery codes, this once.

        Every sign-in of before ends.

        Raises:
            EntryRefused: `account.offer_stale` (begin again), `account.first_code_wrong`.
            NotEnrolled: `account.gone`.
        """
        secret = self._opened(account_id, sealed)
        step = self._step(secret, code, after=-1)
        if step is None:
            raise EntryRefused("account.first_code_wrong")
        codes = tuple(_recovery_code() for _ in range(RECOVERY_CODES))
        with writing(self._engine) as session:
            row = _needed(session, account_id)
            row.totp_sealed = self._keyring.seal(secret.encode(), _kept_for(account_id))
            row.totp_step = step
            row.version += 1
            session.execute(delete(RecoveryRow).where(RecoveryRow.account_id == account_id))
            session.add_all(RecoveryRow(account_id=account_id, digest=_digest(account_id, one)) for one in codes)
            self._record(session, Act("account.second_factor_on", account_id, account_id))
        return codes

    def turn_off(self, account_id: str, actor: str) -> Account:
        """Ask for no code any more; every sign-in of before ends. Raises `NotEnrolled`."""
        with writing(self._engine) as session:
            row = _needed(session, account_id)
            if row.totp_sealed is not None:
                row.totp_sealed = row.totp_step = None
                row.version += 1
                session.execute(delete(RecoveryRow).where(RecoveryRow.account_id == account_id))
                self._record(session, Act("account.second_factor_off", account_id, actor))
            return account_of(row)

    def take(self, account_id: str, code: str) -> Account | None:
        """The account, for a code of the phone or a recovery code that was not used before; None for any other.

        A code is taken in one transaction, so that of two that arrive together one is refused.

        Raises:
            KeyUnusable: the secret was sealed with another key.
        """
        with writing(self._engine) as session:
            row = session.get(AccountRow, account_id)
            if row is None or row.disabled or row.totp_sealed is None:
                return None
            secret = self._keyring.open_sealed(row.totp_sealed, _kept_for(account_id)).decode()
            step = self._step(secret, code, after=-1 if row.totp_step is None else row.totp_step)
            if step is not None:
                row.totp_step = step
                return account_of(row)
            kept = session.get(RecoveryRow, (account_id, _digest(account_id, code)))
            if kept is None:
                return None
            session.delete(kept)
            self._record(session, Act("account.recovery_used", account_id, account_id))
            return account_of(row)

    def recovery_left(self, account_id: str) -> int:
        """How many recovery codes are still unused."""
        count = select(func.count()).select_from(RecoveryRow).where(RecoveryRow.account_id == account_id)
        with reading(self._engine) as session:
            return session.scalar(count) or 0

    def _opened(self, account_id: str, sealed: str) -> str:
        try:
            return self._keyring.open_sealed(base64.urlsafe_b64decode(sealed), _offered_to(account_id)).decode()
        except (KeyUnusable, binascii.Error, ValueError) as stale:
            raise EntryRefused("account.offer_stale") from stale

    def _step(self, secret: str, code: str, *, after: int) -> int | None:
        """The step that a code belongs to, if it is a later one than the last that was taken."""
        given = _SPACES.sub("", code).encode()
        totp = pyotp.TOTP(secret)
        now = totp.timecode(self._now())
        for step in range(now - STEPS_OFF, now + STEPS_OFF + 1):
            if hmac.compare_digest(totp.generate_otp(step).encode(), given) and step > after:
                return step
        return None


def _needed(session: Session, account_id: str) -> AccountRow:
    row = session.get(AccountRow, account_id)
    if row is None:
        raise NotEnrolled("account.gone")
    return row


def _recovery_code() -> str:
    signs = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().lower()
    return "-".join(signs[start : start + 4] for start in range(0, len(signs), 4))


def _digest(account_id: str, code: str) -> str:
    plain = _SPACES.sub("", code).lower()
    return hashlib.sha256(f"menwei-recovery/1\n{account_id}\n{plain}".encode("utf-8", "surrogatepass")).hexdigest()


def _offered_to(account_id: str) -> bytes:
    return b"menwei-totp-offer/1\n" + account_id.encode()


def _kept_for(account_id: str) -> bytes:
    return b"menwei-totp/1\n" + account_id.encode()
