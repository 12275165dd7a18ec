"""The [[community.destination]] tables of gate.toml: where passages go, and what each place may know."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from gate.community.address import checked_address
from gate.community.registers.settings import AnySource, PushSource
from gate.part import Id, Part, refusal

_FILES = ("secret_file", "password_file", "key_file", "ca_file", "folder")


class DestinationPart(Part):
    """What every destination has."""

    id: Id
    events: tuple[Literal["passages", "openings", "doors", "alarms"], ...] = Field(
        default=("passages", "alarms"), min_length=1, description="what it hears of"
    )
    plates: bool = Field(default=True, description="tell plates")
    names: bool = Field(default=False, description="tell the names of people who agreed to it")
    pictures: bool = Field(default=False, description="send the pictures of people who agreed to it")
    keep_events: int = Field(
        default=200_000, ge=1000, le=5_000_000, description="past so many waiting events the oldest are dropped"
    )
    keep_days: int = Field(default=30, ge=1, le=365, description="an event that waits for longer is dropped")
    late_after_s: float = Field(default=900.0, ge=60, le=604_800, description="an event that waits for longer is late")

    @property
    def late_s(self) -> float:
        """From how many seconds of waiting on the destination is behind."""
        return self.late_after_s

    def anchored(self, folder: Path) -> Self:
        """The same with paths counted from `folder`."""
        paths = {name: folder / path for name in _FILES if (path := getattr(self, name, None))}
        return self.model_copy(update=paths)


class NetworkPart(DestinationPart):
    """What every destination on the network has."""

    url: str = Field(min_length=1)
    ca_file: Path | None = Field(default=None, description="PEM file that the certificate is checked against")
    timeout_s: float = Field(default=10.0, ge=1, le=60, description="longest time for one call, all in all")


class WebPart(NetworkPart):
    """What every destination behind https:// has."""

    unencrypted: bool = Field(default=False, description="allow http://: anybody on the way can read and change it")

    @field_validator("url")
    @classmethod
    def _no_secret(cls, url: str) -> str:
        return checked_address(url, ("https", "http"))

    @model_validator(mode="after")
    def _encrypted(self) -> Self:
        if self.url.startswith("http:") and not self.unencrypted:
            raise refusal("config.community_unencrypted")
        return self


class WebhookPart(WebPart):
    """An address that takes signed CloudEvents."""

    kind: Literal["webhook"]
    secret_file: Path = Field(description="file with the shared secret, 16 characters or more, chmod 600")


class HookPart(WebPart):
    """The same, set up through the API: its secret is not in a file but sealed in the database."""

    kind: Literal["webhook"] = "webhook"
    unencrypted: Literal[False] = False
    secret: SecretStr
    certificate: str | None = None


class MqttPart(NetworkPart):
    """A broker at mqtts:// or mqtt://, MQTT 5."""

    kind: Literal["mqtt"]
    username: str | None = Field(default=None, min_length=1)
    password_file: Path | None = Field(default=None, description="file that holds the password, not readable by others")
    topic: str = Field(default="menwei", pattern=r"^[^+#\s/]+(/[^+#\s/]+)*$", description="what all topics begin with")
    home_assistant: bool = Field(default=False, description="announce lanes, doors and alarms to Home Assistant")

    @field_validator("url")
    @classmethod
    def _no_secret(cls, url: str) -> str:
        return checked_address(url, ("mqtts", "mqtt"))

    @model_validator(mode="after")
    def _signs_in_whole(self) -> Self:
        if (self.username is None) != (self.password_file is None):
            raise refusal("config.half_sign_in")
        return self


class MicroCommunityPart(WebPart):
    """HC MicroCommunity (HC 小区管理系统)."""

    kind: Literal["hc"]
    community_id: str = Field(min_length=1, max_length=30, description="the compound's communityId there")
    machines: dict[str, str] = Field(min_length=1, description="machineCode there of each lane: {north-in = 'MC1'}")


class ViewLibraryPart(WebPart):
    """A GA/T 1400 view library (公安视图库). Only people and vehicles whose consent is on record are told."""

    kind: Literal["gat1400"]
    contract: str = Field(min_length=1, description="number or name of the operator's contract: without it, nothing")
    device_id: str = Field(pattern=r"^\d{20}$", description="our 20-digit code there")
    username: str = Field(min_length=1)
    password_file: Path = Field(description="file that holds the password, not readable by others")
    devices: dict[str, str] = Field(default={}, description="20-digit code of each lane's camera; else device_id")
    community: bool = Field(default=False, description="also tell cameras, doors, people and cars of the community")
    community_id: str | None = Field(default=None, pattern=r"^\d{20}$", description="the community's 20-digit code")

    @model_validator(mode="after")
    def _community_named(self) -> Self:
        if self.community and self.community_id is None:
            raise refusal("config.community_id_needed")
        return self


class FilesPart(DestinationPart):
    """A folder, here or on an SFTP server, that gets a file from time to time."""

    kind: Literal["files"]
    folder: Path | None = Field(default=None, description="another disk, a share; or url")
    url: str | None = Field(default=None, description="sftp://host/folder")
    username: str | None = Field(default=None, min_length=1)
    password_file: Path | None = Field(default=None, description="file that holds the password, not readable by others")
    key_file: Path | None = Field(default=None, description="private SSH key without a passphrase, chmod 600")
    host_key: str | None = Field(
        default=None, pattern=r"^SHA256:[A-Za-z0-9+/]{43}$", description="the server's key, as ssh-keygen -lf shows it"
    )
    timeout_s: float = Field(default=60.0, ge=1, le=600, description="longest time for one file and its pictures")
    form: Literal["csv", "xlsx"] = Field(default="csv", description="csv or xlsx")
    every_s: float = Field(default=3600.0, ge=1, le=86400, description="so long from one file to the next")

    @field_validator("url")
    @classmethod
    def _no_secret(cls, url: str | None) -> str | None:
        return None if url is None else checked_address(url, ("sftp",))

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.folder is None) == (self.url is None):
            raise refusal("config.files_place")
        if self.url and not (self.username and self.host_key and (self.password_file or self.key_file)):
            raise refusal("config.sftp_needs")
        return self

    @property
    def late_s(self) -> float:
        """An event waits for its file anyway."""
        return self.every_s + self.late_after_s


AnyDestination = Annotated[
    WebhookPart | MqttPart | MicroCommunityPart | ViewLibraryPart | FilesPart, Field(discriminator="kind")
]


class Community(Part):
    """The community system: destinations of what happens at the gate, and sources of who may come in."""

    destination: tuple[AnyDestination, ...] = ()
    source: tuple[AnySource, ...] = ()

    @model_validator(mode="after")
    def _different(self) -> Self:
        for kind, parts in (("destination", self.destination), ("source", self.source)):
            ids = [part.id for part in parts]
            for twice in {i for i in ids if ids.count(i) > 1}:
                raise refusal("config.id_twice", kind=f"community.{kind}", id=twice)
        apps = [part.app_id for part in self.source if isinstance(part, PushSource)]
        for twice in {app for app in apps if apps.count(app) > 1}:
            raise refusal("config.id_twice", kind="community.source.app_id", id=twice)
        return self

    def must_name(self, lanes: Collection[str]) -> None:
        """Refuse a destination that names a lane which is not there."""
        for part in self.destination:
            named = {**getattr(part, "machines", {}), **getattr(part, "devices", {})}
            for lane in named.keys() - set(lanes):
                raise refusal("config.community_lane", id=part.id, name=lane)

    def anchored(self, folder: Path) -> Self:
        """The same with paths counted from `folder`."""
        destination = tuple(part.anchored(folder) for part in self.destination)
        source = tuple(part.anchored(folder) for part in self.source)
        return self.model_copy(update={"destination": destination, "source": source})
