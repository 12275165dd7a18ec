"""The parts of gate.toml about keeping things: the database, the record's anchors, the backups."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator

from gate.part import Part, refusal


class Database(Part):
    """Where the tables live. Without a url, in one SQLite file in `storage.folder`."""

    url: str | None = Field(default=None, description="postgresql://user@host/name serves several boxes")
    password_file: Path | None = Field(default=None, description="file that holds the password, not readable by others")

    @field_validator("url")
    @classmethod
    def _postgresql(cls, url: str | None) -> str | None:
        if url is None:
            return None
        scheme, _, rest = url.partition("://")
        if scheme not in {"postgresql", "postgres"} or not rest:
            raise refusal("config.database_scheme")
        if ":" in rest.partition("/")[0].rpartition("@")[0]:
            raise refusal("config.password_in_url")
        return f"postgresql+psycopg://{rest}"

    def anchored(self, folder: Path) -> Self:
        """The same with paths counted from `folder`."""
        return self.model_copy(update={"password_file": self.password_file and folder / self.password_file})


class Ledger(Part):
    """Where the record's signed checkpoints are noted outside of it."""

    anchor_folders: tuple[Path, ...] = Field(
        default=(), description="folders off this box, such as a USB stick, that get a checkpoint every hour"
    )

    def anchored(self, folder: Path) -> Self:
        """The same with paths counted from `folder`."""
        return self.model_copy(update={"anchor_folders": tuple(folder / path for path in self.anchor_folders)})


class Backup(Part):
    """Backups by themselves, every day at a time of the compound; none without a folder."""

    folder: Path | None = Field(default=None, description="where backups go: another disk, a share")
    at: time = Field(default=time(3, 10), description="local time of the daily backup")
    keep_daily: int = Field(default=7, ge=1, le=366, description="the newest of each of so many days")
    keep_weekly: int = Field(default=4, ge=0, le=104, description="the newest of each of so many weeks")
    keep_monthly: int = Field(default=6, ge=0, le=120, description="the newest of each of so many months")

    def anchored(self, folder: Path) -> Self:
        """The same with paths counted from `folder`."""
        return self.model_copy(update={"folder": self.folder and folder / self.folder})
