"""`gate.toml`: what stands at the gate and how it behaves. An unknown key is an error naming the nearest right one."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from gate.access_rules import AccessRules, RulesPart
from gate.api.settings import Api
from gate.barrier.claim import Claim
from gate.barrier.settings import BarrierPart, InterlockPart
from gate.camera.settings import CameraPart
from gate.community.settings import Community
from gate.errors import ConfigRefused
from gate.face_rules import FaceLimits, FaceRules
from gate.hours import Hours
from gate.keeping import Backup, Database, Ledger
from gate.parking.settings import ParkingPart
from gate.part import Id, Part, refusal
from gate.problem import problem_of
from gate.reader.settings import ReaderPart, must_fit
from gate.resident_settings import Residents
from gate.week import WeekHours
from models.cast import ROLES, Cast, pack_of
from models.catalog import catalog
from models.roles import Role

__all__ = [
    "AccessRules",
    "Backup",
    "BarrierPart",
    "CameraPart",
    "Community",
    "Compound",
    "Config",
    "Console",
    "Database",
    "FaceLimits",
    "FaceRules",
    "Hours",
    "Id",
    "InterlockPart",
    "Lane",
    "Ledger",
    "Models",
    "ParkingPart",
    "Part",
    "PlateRules",
    "ReaderPart",
    "Residents",
    "Storage",
    "WeekHours",
    "load_config",
    "parse_config",
]


class Compound(Part):
    """The compound this gate belongs to."""

    name: str = Field(default="示范小区", min_length=1, description="shown on the console")
    handler: str = Field(default="", max_length=100, description="who answers for the personal data, by full name")
    contact: str = Field(default="", max_length=200, description="how residents reach them: telephone, room, hours")
    timezone: str = Field(default="Asia/Shanghai", description="IANA name; hours are counted in it")

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError) as unknown:
            raise refusal("config.no_such_zone", zone=name) from unknown
        return name


class Storage(Part):
    """Where things are kept."""

    folder: Path = Field(default=Path("var"), description="database, keys and snapshots, relative to gate.toml")
    snapshot_days: int = Field(default=30, ge=1, le=365, description="days that snapshot crops are kept")
    context_pictures: bool = Field(default=False, description="keep the whole picture beside the crop")
    low_disk_gb: float = Field(
        default=2.0, ge=0.1, le=10_000, description="with less room on the disk the console warns the guard"
    )


_ROLES = {str(role).replace("-", "_"): role for role in (*ROLES, Role.FACE_LIVENESS)}


class Models(Part):
    """Which pack of models the gate runs on, single roles played by another model, and the threads a model may use."""

    pack: str | None = Field(
        default=None, description="unset: that of the enrolled faces; starter while nobody is enrolled"
    )
    face_finder: str | None = Field(default=None, description="another model than the pack's, by name")
    face_embedder: str | None = Field(default=None, description="another model than the pack's, by name")
    face_liveness: str | None = Field(
        default=None, description="model that tells living faces from pictures; unset: the pack's, if it has one"
    )
    plate_finder: str | None = Field(default=None, description="another model than the pack's, by name")
    plate_reader: str | None = Field(default=None, description="another model than the pack's, by name")
    threads: int = Field(default=1, ge=1, le=16, description="threads of one model call")

    @field_validator("pack", *_ROLES)
    @classmethod
    def _in_the_catalogue(cls, name: str | None, info: ValidationInfo) -> str | None:
        role = _ROLES.get(info.field_name or "")
        known = [model.name for model in catalog().players(role)] if role else list(catalog().packs)
        if name is not None and name not in known:
            near = difflib.get_close_matches(name, known, 1) or known
            raise refusal("config.not_in_catalogue", name=name, near=", ".join(near))
        return name

    def cast(self, enrolled: Sequence[str] = ()) -> Cast:
        """Which model plays which role; `enrolled` are the models that made the site's templates, as in `pack_of`."""
        whole = Cast.of_pack(self.pack or pack_of(enrolled))
        return replace(whole, **{role: name for role in _ROLES if (name := getattr(self, role)) is not None})


class PlateRules(Part):
    """When a plate is evidence."""

    min_frames: int = Field(default=3, ge=1, le=100, description="readings before opening")
    min_character: float = Field(default=0.8, ge=0, le=1, description="lowest share of votes of the weakest character")
    unknown_frames: int = Field(default=6, ge=1, le=500, description="readings before saying unknown or unreadable")
    unknown_after_s: float = Field(default=1.5, ge=0, le=60, description="watched for so long before saying so")
    repeat_s: float = Field(
        default=30, ge=0, le=600, description="a plate is decided again only after being out of sight for so long"
    )


Credential: TypeAlias = Literal["face", "plate", "card", "pin", "qr", "guard"]


class Lane(Part):
    """A way through the gate: one camera, one barrier, one direction."""

    id: Id
    name: str = Field(min_length=1)
    kind: Literal["pedestrian", "vehicle"]
    direction: Literal["in", "out"] = "in"
    heading: Literal["towards", "away", "any"] | None = Field(
        default=None,
        description="which way a passage moves, seen from the camera; unset: towards for vehicles, any for pedestrians",
    )
    camera: Id
    barrier: Id
    region: tuple[tuple[float, float], ...] = Field(
        default=(), description="corners of the region of interest, as fractions of the picture's width and height"
    )
    hours: tuple[WeekHours, ...] = Field(default=(), description="when the lane opens by itself; empty is always")

    qr: bool = Field(default=False, description="read QR codes that are held to the camera")
    credentials: tuple[Credential, ...] = Field(
        default=(),
        description="ways in: face or plate, card, pin, qr, guard; empty is all of them. A face is never the only one",
    )

    @model_validator(mode="after")
    def _another_way_in(self) -> Self:
        seen: Credential = "face" if self.kind == "pedestrian" else "plate"
        if self.credentials and seen not in self.credentials:
            raise refusal("config.credential_of_camera", lane=self.id, seen=seen)
        if set(self.credentials) == {"face"}:
            raise refusal("config.face_only", lane=self.id)
        if self.qr and self.credentials and "qr" not in self.credentials:
            raise refusal("config.qr_not_taken", lane=self.id)
        return self

    @field_validator("region")
    @classmethod
    def _polygon(cls, region: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
        if region and len(region) < 3:
            raise refusal("config.region_corners")
        if any(not (0 <= x <= 1 and 0 <= y <= 1) for x, y in region):
            raise refusal("config.region_fractions")
        return region

    @property
    def moves(self) -> Literal["towards", "away", "any"]:
        """The heading in force."""
        return self.heading or ("towards" if self.kind == "vehicle" else "any")


Reason: TypeAlias = Annotated[str, Field(min_length=2, max_length=40, pattern=r"^[^\x00-\x1f]+$")]
"""What a guard may choose from a list, in the compound's own words."""


class Console(Part):
    """Where the guard's page is served."""

    host: str = Field(default="127.0.0.1", description="0.0.0.0 serves the compound's network: put TLS in front")
    port: int = Field(default=8600, ge=0, le=65535, description="0 takes any free port")
    session_hours: float = Field(default=12, gt=0, le=72, description="a sign-in lasts so long")
    secure_cookie: bool = Field(default=False, description="true where TLS stands in front")
    open_reasons: tuple[Reason, ...] = Field(
        default=(), max_length=6, description="more reasons for the guard to open, beside those of the program"
    )
    refuse_reasons: tuple[Reason, ...] = Field(
        default=(), max_length=6, description="more reasons for the guard to let nobody in"
    )


class Config(Part):
    """The whole of gate.toml."""

    compound: Compound = Compound()
    storage: Storage = Storage()
    database: Database = Database()
    ledger: Ledger = Ledger()
    backup: Backup = Backup()
    models: Models = Models()
    faces: FaceRules = FaceRules()
    plates: PlateRules = PlateRules()
    rules: RulesPart = RulesPart()
    parking: ParkingPart = ParkingPart()
    console: Console = Console()
    api: Api = Api()
    residents: Residents = Residents()
    camera: tuple[CameraPart, ...] = ()
    barrier: tuple[BarrierPart, ...] = ()
    lane: tuple[Lane, ...] = ()
    reader: tuple[ReaderPart, ...] = ()
    interlock: tuple[InterlockPart, ...] = ()
    community: Community = Community()

    @model_validator(mode="after")
    def _joined(self) -> Self:
        ids_of = {
            "camera": [part.id for part in self.camera],
            "barrier": [part.id for part in self.barrier],
            "lane": [part.id for part in self.lane],
            "reader": [part.id for part in self.reader],
        }
        for kind, ids in ids_of.items():
            for twice in {i for i in ids if ids.count(i) > 1}:
                raise refusal("config.id_twice", kind=kind, id=twice)
        for lane in self.lane:
            _must_exist(lane, "camera", lane.camera, ids_of["camera"])
            _must_exist(lane, "barrier", lane.barrier, ids_of["barrier"])
        self.community.must_name(ids_of["lane"])
        _must_not_share(self.barrier)
        must_fit(self.reader, {lane.id: lane.credentials for lane in self.lane})
        for name, near in unknown_lanes(self.rules, self.lane).items():
            raise refusal("config.rules_name_no_lane", name=name, near=near)
        self.parking.must_lead({lane.id: lane.kind for lane in self.lane})
        _must_interlock(self.interlock, self.barrier)
        shared = [lane.barrier for lane in self.lane]
        for twice in {i for i in shared if shared.count(i) > 1}:
            raise refusal("config.barrier_shared", barrier=twice)
        return self


def _must_not_share(barriers: tuple[BarrierPart, ...]) -> None:
    taken: dict[Claim, str] = {}
    for part in barriers:
        for claim in part.claims:
            if claim in taken and claim.coil is not None:
                raise refusal("config.relay_shared", one=taken[claim], other=part.id, channel=claim.coil)
            if claim in taken:
                raise refusal("config.device_shared", one=taken[claim], other=part.id)
            taken[claim] = part.id


def _must_interlock(pairs: tuple[InterlockPart, ...], barriers: tuple[BarrierPart, ...]) -> None:
    parts = {part.id: part for part in barriers}
    taken: set[str] = set()
    for name in (name for pair in pairs for name in pair.barriers):
        if name not in parts:
            raise refusal("config.interlock_unknown", name=name)
        if name in taken:
            raise refusal("config.interlock_twice", name=name)
        if parts[name].held_open:
            raise refusal("config.interlock_held_open", name=name)
        taken.add(name)


def _must_exist(lane: Lane, kind: str, name: str, known: list[str]) -> None:
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        if near:
            raise refusal("config.lane_names_near", lane=lane.id, kind=kind, name=name, near=near[0])
        raise refusal("config.lane_names_none", lane=lane.id, kind=kind, name=name)


def unknown_lanes(rules: AccessRules, lanes: Sequence[Lane]) -> dict[str, str]:
    """The lanes that rules name and that are not there, with the nearest right names: rights there were for nobody."""
    known = [lane.id for lane in lanes]
    missing = sorted(rules.named_lanes() - set(known))
    return {name: ", ".join(difflib.get_close_matches(name, known, 1) or known) for name in missing}


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
        errors = invalid.errors()
        # A list is also too short once its wrong items are left out: only what is wrong with those is told.
        inside = {error["loc"][:depth] for error in errors for depth in range(len(error["loc"]))}
        told = [error for error in errors if error["type"] != "too_short" or error["loc"] not in inside]
        problems = tuple(problem_of(dict(error), Config, raw) for error in told)
        raise ConfigRefused("config.refused", problems, path=path, count=len(problems)) from invalid
    return _anchored(config, path.resolve().parent)


def _anchored(config: Config, folder: Path) -> Config:
    """The same configuration with every relative path counted from `folder`."""
    storage = config.storage.model_copy(update={"folder": folder / config.storage.folder})
    cameras = tuple(camera.anchored(folder) for camera in config.camera)
    barriers = tuple(_anchored_barrier(barrier, folder) for barrier in config.barrier)
    kept: dict[str, Part] = {
        "storage": storage,
        "database": config.database.anchored(folder),
        "ledger": config.ledger.anchored(folder),
        "rules": config.rules.anchored(folder),
        "parking": config.parking.anchored(folder),
        "community": config.community.anchored(folder),
    }
    lists = {
        "camera": cameras,
        "barrier": barriers,
        "reader": tuple(reader.anchored(folder) for reader in config.reader),
    }
    return config.model_copy(update={"backup": config.backup.anchored(folder), **lists, **kept})


def _anchored_barrier(barrier: BarrierPart, folder: Path) -> BarrierPart:
    if (board := barrier.board) is None:
        return barrier
    files = {"password_file": board.password_file, "ca_file": board.ca_file}
    anchored = board.model_copy(update={key: file and folder / file for key, file in files.items()})
    return barrier.model_copy(update={"board": anchored})
