"""The [[community.source]] tables of gate.toml: registers elsewhere that ours is filled from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from enrollment.told import FIELDS, ToldKind
from gate.community.address import checked_address
from gate.part import Id, Part, refusal

_FILES = ("token_file", "secret_file", "ca_file", "folder")
_FIELDS = frozenset({"id", "building", "unit", "room", *(name for names in FIELDS.values() for name in names)})

_Path = Annotated[str, Field(pattern=r"^/[^#\s]*$")]


class SourcePart(Part):
    """What every source has."""

    id: Id
    apply: Literal["ask", "auto"] = Field(
        default="ask", description="ask: everything waits for gate community apply; auto: only what needs a person does"
    )
    ended_percent: float = Field(
        default=5.0, ge=0, le=100, description="more endings than this share of what it brought in wait for a person"
    )
    new_rooms: bool = Field(default=True, description="make households that are not here yet; false: they wait")

    def anchored(self, folder: Path) -> Self:
        """The same with paths counted from `folder`."""
        paths = {name: folder / path for name in _FILES if (path := getattr(self, name, None))}
        return self.model_copy(update=paths)


class RestSource(SourcePart):
    """An https address that answers with lists of JSON objects, asked on a schedule."""

    kind: Literal["rest"]
    url: str = Field(min_length=1)
    ca_file: Path | None = Field(default=None, description="PEM file that the certificate is checked against")
    unencrypted: bool = Field(default=False, description="allow http://: anybody on the way can read and change it")
    timeout_s: float = Field(default=30.0, ge=1, le=300, description="longest time for one page, all in all")
    every_s: float = Field(default=300.0, ge=1, le=86400, description="so long from one look to the next")
    token_file: Path | None = Field(default=None, description="file with a token, chmod 600")
    token_header: str = Field(
        default="Authorization", pattern=r"^[A-Za-z-]+$", description="its header; Authorization gets it as Bearer"
    )
    person: _Path | None = Field(default=None, description="path of the people, such as /residents?status=1")
    vehicle: _Path | None = Field(default=None, description="path of the vehicles")
    blocked: _Path | None = Field(default=None, description="path of the blocked plates")
    allowed: _Path | None = Field(default=None, description="path of the plates that always pass")
    items: str = Field(default="", description="where the list is in an answer, such as data.list; empty: it is one")
    total: str = Field(default="", description="where an answer says how many there are: a check that none is missing")
    page: str = Field(default="", description="name of the page's number in the address; empty: one page is all")
    size: str = Field(default="size", description="name of the page's size in the address")
    page_size: int = Field(default=200, ge=1, le=5000)
    first_page: int = Field(default=1, ge=0, le=1)
    ok: str = Field(default="", description="what an answer that is no error says, such as code=0")
    fields: Mapping[str, str] = Field(default={}, description="our field = theirs, such as {name = 'ownerName'}")
    words: Mapping[str, str] = Field(default={}, description="their word = ours, such as {'1001' = 'owner'}")
    most_mb: int = Field(default=20, ge=1, le=200, description="more than this, all pages together, is not read")

    @field_validator("url")
    @classmethod
    def _no_secret(cls, url: str) -> str:
        return checked_address(url, ("https", "http"))

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, fields: Mapping[str, str]) -> Mapping[str, str]:
        for name in fields.keys() - _FIELDS:
            raise refusal("config.source_field", name=name, known=", ".join(sorted(_FIELDS)))
        return fields

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.url.startswith("http:") and not self.unencrypted:
            raise refusal("config.community_unencrypted")
        if not self.paths:
            raise refusal("config.source_empty")
        return self

    @property
    def paths(self) -> Mapping[ToldKind, str]:
        """Where to ask for what."""
        named = {kind: getattr(self, kind.value) for kind in ToldKind}
        return {kind: path for kind, path in named.items() if path is not None}


class PushSource(SourcePart):
    """HC MicroCommunity (HC 小区管理系统), which pushes to our console's address as to its IoT system."""

    kind: Literal["hc"]
    app_id: str = Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="its appId there")
    secret_file: Path = Field(description="file with its appSecret, 16 characters or more, chmod 600")


class DropSource(SourcePart):
    """A folder in which somebody leaves tables as .csv or .xlsx."""

    kind: Literal["drop"]
    folder: Path = Field(description="looked at again and again; done/ and rejected/ are made in it")
    whole: bool = Field(default=True, description="a table has everybody: who is not in it ends; false: it adds")
    every_s: float = Field(default=10.0, ge=0.1, le=3600, description="so long from one look to the next")
    settle_s: float = Field(default=5.0, ge=0, le=3600, description="unchanged for so long, a file is whole")


AnySource = Annotated[RestSource | PushSource | DropSource, Field(discriminator="kind")]
