"""The catalogue of weight files: what each is for, where it comes from and what it may be used for.

Its truth is `catalog.toml` beside this file. Reading it checks every entry; an unknown or missing key, a hash that is
none, two entries of one name are a ValueError, for then the program itself is broken and not the site.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import PurePath
from typing import Any, TypeVar
from urllib.parse import urlsplit

from models.errors import ModelUnavailable
from models.preprocess import Normalisation
from models.roles import Role

_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_Entry = TypeVar("_Entry")

LISTED = resources.files(__package__) / "catalog.toml"

STARTER = "starter"
"""The pack that comes with the program: small weights of its own, for trying out."""

BASE = "base"
"""The pack that is pulled unless another one is named."""


class Program(StrEnum):
    """Which code runs a file."""

    YUNET = "yunet"
    SCRFD = "scrfd"
    ALIGNED_112 = "aligned-112"
    CORNERS = "corners"
    CTC_78 = "ctc-78"
    SLOTS = "slots"
    CLASSES = "classes"
    NONE = "none"


class Commercial(StrEnum):
    """Whether a file may be used commercially; `CONDITIONAL` names its condition."""

    YES = "yes"
    NO = "no"
    CONDITIONAL = "conditional"


class Condition(StrEnum):
    """What limits a file's use; the sentence is in the catalogue of texts under `models.condition.*`."""

    RESEARCH_DATA = "research_data"
    RESEARCH_ONLY = "research_only"
    COPYLEFT = "copyleft"
    NONE_STATED = "none_stated"
    PARTLY_RESEARCH = "partly_research"
    FOR_TRYING_OUT = "for_trying_out"


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes that are known by size and SHA-256 (64 lower-case hex digits)."""

    bytes: int
    sha256: str

    def __post_init__(self) -> None:
        if self.bytes <= 0:
            raise ValueError(f"bytes: {self.bytes} is no size")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"sha256: {self.sha256!r} is none")


UNMEASURED_STEP = 0.08
"""Cosine between two rates of strangers that are ten times apart, for an embedder that was not measured: the wider of
the two that were."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """What the cosines of an embedder mean; they are its own, and another one's do not carry over.

    `accept` is the lowest that opens, `similar` the one from which two enrolled people are taken for one. `far_1e_3`
    and `far_1e_4` are those that one of 1,000 and of 10,000 pairs of strangers reach, where that has been measured.
    """

    accept: float
    similar: float
    far_1e_3: float | None = None
    far_1e_4: float | None = None

    def __post_init__(self) -> None:
        given = [cosine for cosine in (self.far_1e_3, self.far_1e_4, self.accept, self.similar) if cosine is not None]
        if any(not -1 <= cosine <= 1 for cosine in given):
            raise ValueError(f"thresholds: no cosines: {given}")
        if not self.accept <= self.similar:
            raise ValueError("thresholds: two photos that a gate takes for one person are at least as alike")
        if (self.far_1e_3 is None) != (self.far_1e_4 is None) or self.per_decade <= 0:
            raise ValueError("thresholds: both rates or none, and fewer strangers reach the higher cosine")

    @property
    def at_1e_4(self) -> float:
        """The cosine that one of 10,000 pairs of strangers reaches; `accept` stands in where it was not measured."""
        return self.accept if self.far_1e_4 is None else self.far_1e_4

    @property
    def per_decade(self) -> float:
        """How much higher the cosine is that a tenth as many pairs of strangers reach."""
        if self.far_1e_3 is None or self.far_1e_4 is None:
            return UNMEASURED_STEP
        return self.far_1e_4 - self.far_1e_3


@dataclass(frozen=True, slots=True)
class BehindMask:
    """An embedder's map for masked faces (`models.face.behind_mask`), a file in `weights/`, and its own thresholds.

    They mean what those of `Thresholds` do, for a masked face that is known by either of its two looks.
    """

    file: str
    content: Content
    accept: float
    far_1e_3: float
    far_1e_4: float

    def __post_init__(self) -> None:
        if PurePath(self.file).name != self.file:
            raise ValueError(f"file: {self.file!r} is no plain file name")
        if not -1 <= self.far_1e_3 < self.far_1e_4 <= self.accept <= 1:
            raise ValueError(f"behind_mask: no thresholds: {self}")


@dataclass(frozen=True, slots=True)
class Sees:
    """What a liveness network is shown and says: a square `times` the face's longer side; class `live` is living.

    `live_from` is the share of that class, 0 to 1, below which a face is doubted.
    """

    times: float
    live: int
    live_from: float

    def __post_init__(self) -> None:
        if self.times < 1 or self.live < 0 or not 0 < self.live_from < 1:
            raise ValueError(f"sees: {self}")


@dataclass(frozen=True, slots=True)
class Archive:
    """A published zip that holds model files."""

    name: str
    address: str
    content: Content

    def __post_init__(self) -> None:
        _check_address(self.address)


@dataclass(frozen=True, slots=True)
class Model:
    """One weight file. It comes with the program (`shipped`), or from `address`, or as `member` of an `archive`."""

    name: str
    role: Role
    program: Program
    packs: tuple[str, ...]
    file: str
    content: Content
    licence: str
    commercial: Commercial
    shape: str
    normalisation: Normalisation
    output: str
    condition: Condition | None = None
    accuracy: str | None = None
    thresholds: Thresholds | None = None
    behind_mask: BehindMask | None = None
    sees: Sees | None = None
    shipped: bool = False
    address: str | None = None
    archive: Archive | None = None
    member: str | None = None

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name: {self.name!r}")
        if PurePath(self.file).name != self.file:
            raise ValueError(f"file: {self.file!r} is no plain file name")
        if not self.packs:
            raise ValueError("packs: a file of no pack can never be pulled")
        ways = (self.shipped, self.address is not None, self.archive is not None)
        if sum(ways) != 1 or (self.archive is None) != (self.member is None):
            raise ValueError("either shipped, or address, or archive and member")
        if (self.role is Role.FACE_EMBEDDER) != (self.thresholds is not None):
            raise ValueError("thresholds: an embedder has them, and nothing else does")
        if self.behind_mask is not None and self.role is not Role.FACE_EMBEDDER:
            raise ValueError("behind_mask: only an embedder has one")
        if (self.program is Program.CLASSES) != (self.sees is not None):
            raise ValueError("sees: a liveness network that is run has it, and nothing else does")
        if self.address is not None:
            _check_address(self.address)
        if (self.commercial is Commercial.YES) != (self.condition is None):
            raise ValueError("condition: to be named wherever commercial use is not simply allowed")

    @property
    def model_id(self) -> str:
        """The name and the first eight digits of the hash: templates are bound to it."""
        return f"{self.name}@{self.content.sha256[:8]}"

    @property
    def for_trying_out(self) -> bool:
        """Whether a live gate should not run on it."""
        return self.condition is Condition.FOR_TRYING_OUT

    @property
    def needs_acceptance(self) -> bool:
        """Whether somebody has to accept the licence before the file is brought here."""
        return self.commercial is Commercial.NO


@dataclass(frozen=True, slots=True)
class Catalog:
    """All models, in the order of the file."""

    models: tuple[Model, ...]

    def __post_init__(self) -> None:
        for what in ("name", "file"):
            values = [getattr(model, what) for model in self.models]
            twice = {value for value in values if values.count(value) > 1}
            if twice:
                raise ValueError(f"{what} given twice: {sorted(twice)}")

    @property
    def packs(self) -> tuple[str, ...]:
        """The names of all packs, in the order of their first model."""
        return tuple(dict.fromkeys(pack for model in self.models for pack in model.packs))

    def model(self, name: str) -> Model:
        """The model of that name. Raises `ModelUnavailable` (`models.unknown`) where there is none."""
        for model in self.models:
            if model.name == name:
                return model
        raise _unknown("models.unknown", name, [model.name for model in self.models])

    def by_id(self, model_id: str) -> Model | None:
        """The model with exactly this id, None where another version of the program made it."""
        return next((model for model in self.models if model.model_id == model_id), None)

    def players(self, role: Role) -> tuple[Model, ...]:
        """The models that can play a role: those that a program runs."""
        return tuple(model for model in self.models if model.role is role and model.program is not Program.NONE)

    def pack(self, name: str) -> tuple[Model, ...]:
        """The models of a pack. Raises `ModelUnavailable` (`models.unknown_pack`) where there is none."""
        found = tuple(model for model in self.models if name in model.packs)
        if not found:
            raise _unknown("models.unknown_pack", name, list(self.packs))
        return found


def _unknown(code: str, name: str, known: list[str]) -> ModelUnavailable:
    near = difflib.get_close_matches(name, known, 1) or known
    return ModelUnavailable(code, name=name, near=", ".join(near))


@cache
def catalog() -> Catalog:
    """The catalogue that comes with the program."""
    return parse(tomllib.loads(LISTED.read_text("utf-8")))


def parse(raw: Mapping[str, Any]) -> Catalog:
    """Check a parsed catalogue. Raises ValueError naming the entry and what is wrong with it."""
    unknown = set(raw) - {"archive", "model"}
    if unknown:
        raise ValueError(f"unknown tables: {sorted(unknown)}")
    archives = {entry.get("name"): _named(entry, _archive) for entry in raw.get("archive", ())}
    return Catalog(tuple(_named(entry, lambda table: _model(table, archives)) for entry in raw.get("model", ())))


def _named(entry: Mapping[str, Any], build: Any) -> Any:
    try:
        return build(dict(entry))
    except (ValueError, TypeError, KeyError) as wrong:
        raise ValueError(f"{entry.get('name', 'an entry without a name')}: {wrong}") from wrong


def _content(table: dict[str, Any]) -> Content:
    return Content(bytes=table.pop("bytes"), sha256=table.pop("sha256"))


def _archive(table: dict[str, Any]) -> Archive:
    return _filled(Archive, table | {"content": _content(table)}, "bytes", "sha256")


def _model(table: dict[str, Any], archives: Mapping[str, Archive]) -> Model:
    given = dict(table.pop("input"))
    normalisation = Normalisation(given.pop("channels"), tuple(given.pop("mean")), tuple(given.pop("deviation")))
    table |= {"content": _content(table), "normalisation": normalisation, "shape": given.pop("shape")}
    if given:
        raise ValueError(f"unknown keys in input: {sorted(given)}")
    table |= {
        "role": Role(table["role"]),
        "program": Program(table["program"]),
        "commercial": Commercial(table["commercial"]),
        "packs": tuple(table["packs"]),
    }
    if "thresholds" in table:
        table["thresholds"] = _filled(Thresholds, dict(table["thresholds"]))
    if "behind_mask" in table:
        given = dict(table["behind_mask"])
        table["behind_mask"] = _filled(BehindMask, given | {"content": _content(given)}, "bytes", "sha256")
    if "sees" in table:
        table["sees"] = _filled(Sees, dict(table["sees"]))
    if "condition" in table:
        table["condition"] = Condition(table["condition"])
    if "archive" in table:
        table["archive"] = archives[table["archive"]]
    return _filled(Model, table, "bytes", "sha256", "input")


def _filled(kind: type[_Entry], table: dict[str, Any], *taken: str) -> _Entry:
    """The dataclass from a table; a missing or unknown key is named."""
    parts = fields(kind)  # type: ignore[arg-type]
    table = {key: value for key, value in table.items() if key not in taken}
    unknown = table.keys() - {part.name for part in parts}
    missing = {part.name for part in parts if part.default is MISSING} - table.keys()
    if unknown or missing:
        raise ValueError(f"unknown keys {sorted(unknown)}, missing keys {sorted(missing)}")
    return kind(**table)


def _check_address(address: str) -> None:
    if urlsplit(address).scheme != "https":
        raise ValueError(f"address: {address!r} is not https")
