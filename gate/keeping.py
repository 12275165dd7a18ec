"""The parts of gate.toml about keeping things: the database, the record's anchors, the backups."""

from __future__ import annotations

import re
from datetime import time
from pathlib import Path
from typing import Self

from pydantic import Field, field_validator, model_validator

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
    anchor_url: str | None = Field(
        default=None, description="https address of the community system that gets a checkpoint every hour"
    )
    anchor_secret_file: Path | None = Field(
        default=None, description="file with the secret shared with anchor_url, 16 characters or more, chmod 600"
    )
    anchor_ca_file: Path | None = Field(
        default=None, description="PEM file of the authority that anchor_url's certificate is checked against"
    )

    @field_validator("anchor_url")
    @classmethod
    def _https(cls, url: str | None) -> str | None:
        if url is None:
            return None
        if "@" in url:
            raise refusal("config.password_in_url")
        if not re.match(r"https://[^/:]+", url):
            raise refusal("config.anchor_scheme")
        return url

    @model_validator(mode="after")
    def _with_a_secret(self) -> Self:
        if (self.anchor_url is None) != (self.anchor_secret_file is None):
            raise refusal("config.anchor_secret")
        return self

    def anchored(self, folder: Path) -> Self:
        """The same with paths counted from `folder`."""
        files = {
            name: folder / path for name in ("anchor_secret_file", "anchor_ca_file") if (path := getattr(self, name))
        }
        return self.model_copy(update={"anchor_folders": tuple(folder / path for path in self.anchor_folders), **files})


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
