"""The sign-ins of a box's staff in the database, where they outlive a restart of the gate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, and_, delete, func, or_, select

from enrollment.accounts import Account, account_of
from enrollment.database import reading, writing
from enrollment.sign_in_tables import SignInRow
from enrollment.tables import AccountRow

STRAY = timedelta(days=1)
"""So long after its end the sign-in of a box that never came back is deleted by another one, whose clock may differ."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A sign-in of before: its token's digest, the account as it is now, and seconds since its last use and left."""

    key: str
    account: Account
    idle_s: float
    left_s: float


@dataclass(frozen=True, slots=True)
class Use:
    """A sign-in as it stands: last used at `used_s` of the monotonic clock, `idle_s` ago, and over in `left_s`."""

    key: str
    account_id: str
    version: int
    used_s: float
    idle_s: float
    left_s: float


class SignIns:
    """Keeps the sign-ins of one box; those of others on the same database are not its own. `now` gives aware UTC."""

    def __init__(self, engine: Engine, box: str, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._box = box
        self._now = now

    def living(self) -> tuple[SignIn, ...]:
        """Those that go on. Raises `StoreBusy`.

        An account that was disabled or changed since has none. Nor has anybody where the clock shows a moment before
        the last that was noted: nobody knows then how long the gate was away.
        """
        now = self._now()
        own = SignInRow.box == self._box
        with reading(self._engine) as session:
            last = session.scalar(select(func.max(SignInRow.seen_at)).where(own))
            if last is None or now < last:
                return ()
            rows = session.execute(
                select(SignInRow, AccountRow)
                .join(AccountRow, and_(AccountRow.id == SignInRow.account_id, AccountRow.version == SignInRow.version))
                .where(own, AccountRow.disabled.is_(False))
            )
            return tuple(
                SignIn(
                    row.id,
                    account_of(account),
                    (now - row.used_at).total_seconds(),
                    (row.ends_at - now).total_seconds(),
                )
                for row, account in rows
            )

    def keep(self, keys: Collection[str], uses: Iterable[Use]) -> None:
        """Note these uses, and forget every sign-in of the box that is not among `keys`. Raises `StoreBusy`."""
        with writing(self._engine) as session:
            now = self._now()
            over = and_(SignInRow.box == self._box, SignInRow.id.not_in(keys))
            session.execute(delete(SignInRow).where(or_(over, SignInRow.ends_at < now - STRAY)))
            for use in uses:
                session.merge(
                    SignInRow(
                        id=use.key,
                        account_id=use.account_id,
                        version=use.version,
                        box=self._box,
                        seen_at=now,
                        used_at=now - timedelta(seconds=use.idle_s),
                        ends_at=now + timedelta(seconds=use.left_s),
                    )
                )
