"""`gate.toml`: what stands at the gate and how it behaves. An unknown key is an error naming the nearest right one."""

from __future__ import annotations

import difflib
import tomllib
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from gate.barrier.board.wiring import Wiring
from gate.errors import ConfigRefused
from models.errors import Fault

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$", description="short name: a-z, 0-9 and -")]


class Part(BaseModel):
    """A part of the configuration: frozen, and strict about its keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Compound(Part):
    """The compound this gate belongs to."""

    name: str = Field(default="示范小区", min_length=1, description="shown on the console")
    timezone: str = Field(default="Asia/Shanghai", description="IANA name; hours are counted in it")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError) as unknown:
            raise ValueError(f"no such time zone: {name}") from unknown
        return name


class Storage(Part):
    """Where things are kept."""

    folder: Path = Field(default=Path("var"), description="database, keys and snapshots, relative to gate.toml")
    snapshot_days: int = Field(default=30, ge=1, le=365, description="days that snapshot crops are kept")


class Models(Part):
    """Which model plays which role, by its name in the catalogue, and the threads a model may use."""

    face_finder: str = "yunet-s"
    face_embedder: str = "mobilefacenet"
    plate_finder: str = "plate-detect"
    plate_reader: str = "plate-rec-color"
    threads: int = Field(default=1, ge=1, le=16, description="threads of one model call")


class FaceRules(Part):
    """When a face is evidence. The defaults are calibrated for `mobilefacenet` on East-Asian strangers (FAR 1e-4)."""

    accept: float = Field(default=0.45, ge=-1, le=1, description="lowest cosine that opens")
    margin: float = Field(default=0.08, ge=0, le=2, description="lowest lead over the next person")
    min_frames: int = Field(default=3, ge=1, le=100, description="usable sightings before opening")
    min_face_px: int = Field(default=48, ge=16, le=1000, description="height of the smallest usable face")
    min_quality: float = Field(default=0.3, ge=0, le=1, description="quality of the poorest usable face")
    stranger_frames: int = Field(default=8, ge=1, le=500, description="usable sightings before saying stranger")
    stranger_after_s: float = Field(default=1.5, ge=0, le=60, description="watched for so long before saying stranger")
    repeat_s: float = Field(default=10, ge=0, le=600, description="the same person is not decided again for so long")


class PlateRules(Part):
    """When a plate is evidence."""

    min_frames: int = Field(default=3, ge=1, le=100, description="readings before opening")
    min_character: float = Field(default=0.8, ge=0, le=1, description="lowest share of votes of the weakest character")
    unknown_frames: int = Field(default=6, ge=1, le=500, description="readings before saying unknown or unreadable")
    unknown_after_s: float = Field(default=1.5, ge=0, le=60, description="watched for so long before saying so")
    repeat_s: float = Field(default=10, ge=0, le=600, description="the same plate is not decided again for so long")


class CameraPart(Part):
    """A camera: where its pictures come from.

    `url` is `rtsp://host/path`, `usb:0` or `usb:/dev/video0`, `file:clip.mp4` or `folder:pictures`.
    """

    id: Id
    url: str = Field(min_length=1)
    username: str | None = None
    password_file: Path | None = Field(default=None, description="file that holds the password, not readable by others")
    loop: bool = Field(default=False, description="play a file or folder again from the start")
    frames_per_s: float = Field(default=5.0, gt=0, le=60, description="pace of a folder of pictures")
    stall_after_s: float = Field(default=3.0, gt=0, le=120, description="no picture for so long is a stall")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"rtsp", "usb", "file", "folder"}:
            raise ValueError(f"a camera's url starts with rtsp://, usb:, file: or folder:, not {parts.scheme or url!r}")
        if parts.username or parts.password:
            raise ValueError("a password in a url ends up in logs: use username and password_file")
        return url


Channel = Annotated[int, Field(ge=0, le=31, description="channel of the board, counted from 0")]


class WiringPart(Part):
    """Which relay and which input of the board is what."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    raise_: Channel = Field(alias="raise")
    lower: Channel
    stop: Channel | None = None
    style: Literal["pulse", "level"] = Field(default="pulse", description="push the button, or hold it")
    pulse_s: float = Field(default=0.5, gt=0, le=5, description="how long a button is pushed")
    open_limit: Channel | None = None
    closed_limit: Channel | None = None
    presence: Channel | None = None
    inverted: frozenset[Literal["open_limit", "closed_limit", "presence"]] = Field(
        default=frozenset(), description="inputs whose contact opens to say something"
    )

    def wired(self) -> Wiring:
        """The same, for the driver. Raises ValueError for a wiring that cannot be."""
        return Wiring(**self.model_dump())

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        self.wired()
        return self


BOARDS = ("sim", "modbus", "modbus-rtu", "serial")
"""What a barrier's url may begin with."""


class BarrierPart(Part):
    """A barrier: the device it hangs on, how that is wired, and how long its arm takes."""

    id: Id
    url: str = Field(default="sim://", description="sim://, modbus://host:502?unit=1, modbus-rtu:/dev/…, serial:/dev/…")
    wiring: WiringPart | None = Field(default=None, description="[barrier.wiring], for every url but sim://")
    travel_s: float = Field(default=1.5, gt=0, le=30, description="time from closed to open of the arm")
    hold_open_s: float = Field(default=4.0, ge=0, le=600, description="stays open so long before it closes")
    clear_s: float = Field(default=1.0, ge=0, le=60, description="nothing under the arm for so long before it closes")
    fault_after_s: float = Field(default=3.0, gt=0, le=60, description="so long past the travel time is a fault")

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        if urlsplit(url).scheme not in BOARDS:
            raise ValueError(f"a barrier's url starts with sim://, modbus://, modbus-rtu: or serial:, not {url!r}")
        return url

    @model_validator(mode="after")
    def _wired(self) -> Self:
        simulated = urlsplit(self.url).scheme == "sim"
        if simulated and self.wiring is not None:
            raise ValueError("wiring: sim:// has no relays to wire")
        if not simulated and self.wiring is None:
            raise ValueError("wiring: a board needs a [barrier.wiring] table that says which relay is what")
        if self.wiring is not None and self.wiring.style == "pulse" and self.wiring.pulse_s >= self.travel_s:
            raise ValueError("wiring.pulse_s: a pulse must be shorter than travel_s")
        return self


class Hours(Part):
    """A span of the day in the compound's time zone; `until` before `from` runs past midnight."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    start: time = Field(alias="from")
    end: time = Field(alias="until")


class Lane(Part):
    """A way through the gate: one camera, one barrier, one direction."""

    id: Id
    name: str = Field(min_length=1)
    kind: Literal["pedestrian", "vehicle"]
    direction: Literal["in", "out"] = "in"
    camera: Id
    barrier: Id
    region: tuple[tuple[float, float], ...] = Field(
        default=(), description="corners of the region of interest, as fractions of the picture's width and height"
    )
    hours: tuple[Hours, ...] = Field(default=(), description="when the lane opens by itself; empty is always")

    @field_validator("region")
    @classmethod
    def _polygon(cls, region: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if region and len(region) < 3:
            raise ValueError("a region of interest needs three corners or more")
        if any(not (0 <= x <= 1 and 0 <= y <= 1) for x, y in region):
            raise ValueError("a region's corners are fractions from 0 to 1")
        return region


class Console(Part):
    """Where the guard's page is served."""

    host: str = Field(default="127.0.0.1", description="0.0.0.0 serves the compound's network: put TLS in front")
    port: int = Field(default=8600, ge=0, le=65535, description="0 takes any free port")
    session_hours: float = Field(default=12, gt=0, le=72, description="a sign-in lasts so long")
    secure_cookie: bool = Field(default=False, description="true where TLS stands in front")


class Config(Part):
    """The whole of gate.toml."""

    compound: Compound = Compound()
    storage: Storage = Storage()
    models: Models = Models()
    faces: FaceRules = FaceRules()
    plates: PlateRules = PlateRules()
    console: Console = Console()
    camera: tuple[CameraPart, ...] = ()
    barrier: tuple[BarrierPart, ...] = ()
    lane: tuple[Lane, ...] = ()

    @model_validator(mode="after")
    def _joined(self) -> Self:
        for kind, parts in (("camera", self.camera), ("barrier", self.barrier), ("lane", self.lane)):
            ids = [part.id for part in parts]
            for twice in {i for i in ids if ids.count(i) > 1}:
                raise ValueError(f"two entries of [[{kind}]] are called {twice!r}")
        for lane in self.lane:
            _must_exist(lane, "camera", lane.camera, [part.id for part in self.camera])
            _must_exist(lane, "barrier", lane.barrier, [part.id for part in self.barrier])
        wired = [(part.url, channel) for part in self.barrier if part.wiring for channel in part.wiring.wired().outputs]
        for url, channel in {i for i in wired if wired.count(i) > 1}:
            raise ValueError(f"two barriers use relay {channel} of {url}: give each its own")
        shared = [lane.barrier for lane in self.lane]
        for twice in {i for i in shared if shared.count(i) > 1}:
            raise ValueError(f"barrier {twice!r} serves two lanes: give each lane its own")
        return self


def _must_exist(lane: Lane, kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f", did you mean {near[0]!r}?" if near else f": add a [[{kind}]] with that id"
        raise ValueError(f"lane {lane.id!r} names {kind} {name!r}, which is not there{hint}")


def load_config(path: Path) -> Config:
    """Read and check a gate.toml; paths inside it become absolute, counted from its folder.

    Raises:
        ConfigRefused: with one problem per wrong line.
    """
    try:
        raw = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError as missing:
        raise ConfigRefused("config.missing", path=path) from missing
    except OSError as unreadable:
        raise ConfigRefused("config.unreadable", path=path, why=unreadable.strerror) from unreadable
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as garbled:
        raise ConfigRefused("config.not_toml", path=path, why=garbled) from garbled
    return parse_config(raw, path)


def parse_config(raw: dict[str, Any], path: Path) -> Config:
    """Check an already parsed gate.toml that stands at `path`. Raises `ConfigRefused`."""
    try:
        config = Config.model_validate(raw)
    except ValidationError as invalid:
        problems = tuple(_problem(dict(error)) for error in invalid.errors())
        raise ConfigRefused("config.refused", problems, path=path, count=len(problems)) from invalid
    return _anchored(config, path.resolve().parent)


def _problem(error: dict[str, Any]) -> Fault:
    where = ".".join(str(step) for step in error["loc"]) or "gate.toml"
    if error["type"] == "extra_forbidden":
        key = str(error["loc"][-1])
        near = difflib.get_close_matches(key, _keys_at(error["loc"][:-1]), 1, 0.5)
        if near:
            return Fault("config.unknown_key_near", where=where, near=near[0])
        return Fault("config.unknown_key", where=where)
    if error["type"] == "missing":
        return Fault("config.missing_key", where=where)
    return Fault("config.bad_value", where=where, why=error["msg"].removeprefix("Value error, "))


def _keys_at(loc: tuple[str | int, ...]) -> list[str]:
    """The keys that the part at `loc` may have."""
    part: type[BaseModel] = Config
    for step in loc:
        if isinstance(step, int):
            continue
        found = next((f for name, f in part.model_fields.items() if step in {name, f.alias}), None)
        if found is None:
            return []
        inner = [a for a in (found.annotation, *_arguments(found.annotation)) if _is_part(a)]
        if not inner:
            return []
        part = inner[0]
    return [field.alias or name for name, field in part.model_fields.items()]


def _arguments(annotation: Any) -> tuple[Any, ...]:
    return getattr(annotation, "__args__", ())


def _is_part(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _anchored(config: Config, folder: Path) -> Config:
    """The same configuration with every relative path counted from `folder`."""
    cameras = []
    for camera in config.camera:
        scheme, _, rest = camera.url.partition(":")
        url = f"{scheme}:{folder / rest}" if scheme in {"file", "folder"} else camera.url
        password = camera.password_file and folder / camera.password_file
        cameras.append(camera.model_copy(update={"url": url, "password_file": password}))
    storage = config.storage.model_copy(update={"folder": folder / config.storage.folder})
    return config.model_copy(update={"camera": tuple(cameras), "storage": storage})
