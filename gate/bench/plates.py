"""How well plates are read, on photographs whose plates are known."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gate.bench.confusion import edits, table
from gate.bench.dataset import Note, PlatePhoto, digest_of, once, plate_photos, shown, unseen
from gate.bench.look import Look, Step, look_at, ms_of
from gate.errors import GateError
from models.holdout import seen
from models.plate.grammar import RULES, classify
from models.roles import PlateRecogniser
from models.sighting import Picture, PlateColour, PlateKind, PlateSighting

CROP_BELOW_PX = 80
CROP_SHAPE = (2.0, 6.0)
"""A picture lower than this and so many times as wide as high is nothing but a plate: it is read, not searched."""

HEIGHT_BANDS_PX = (16, 24, 32, 48, 80)
"""Where one band of plate heights ends and the next begins."""

NEW_ENERGY_SIGNS = 8

SURE = 0.5
"""A plate less sure than this may be no plate at all."""

SAME_PLATE = 0.5
"""With fewer characters right another plate was read, which says nothing of how characters are confused."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """A plate that was not read exactly: what stands on it and what was read, "" where nothing was found."""

    file: str
    plate: str
    read: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Shares (0 to 1) over some pictures.

    `exact` counts only one plate of each picture, the nearest; `characters` is the share of characters that
    are right (1 - edit distance / length). With the grammar a reading counts only where it is `accepted`: of these
    `exact_of_accepted` are right (None where there are none), and `accepted_wrong` is the dangerous share of all
    pictures, readings that look like a plate and are another one.
    """

    pictures: int
    found: float
    exact: float
    characters: float
    accepted: float
    exact_of_accepted: float | None
    accepted_wrong: float


@dataclass(frozen=True, slots=True)
class ColourTally:
    """The pictures of one plate colour; `by` is `name` where the plate's form tells it, `reading` where it was read."""

    colour: PlateColour
    by: str
    tally: Tally


@dataclass(frozen=True, slots=True)
class HeightTally:
    """The pictures whose plate is at least `from_px` and less than `below_px` high; both None where none was found."""

    from_px: int | None
    below_px: int | None
    tally: Tally


@dataclass(frozen=True, slots=True)
class PlateScore:
    """What was measured over all pictures, those that could not be decoded among them.

    `crops` counts the pictures that were read as a plate without a search, `excluded` those whose plate the models
    have learned from, `notes` what is wrong with the folder, and `refused` names each picture that was none, with the
    fault's code. `confusions` counts what each
    character was read as, where at least half of a plate is right.
    """

    whole: Tally
    crops: int
    excluded: int
    ms_per_picture: float
    by_colour: tuple[ColourTally, ...]
    by_height: tuple[HeightTally, ...]
    confusions: Mapping[str, Mapping[str, int]]
    wrong: tuple[Wrong, ...]
    refused: tuple[tuple[str, str], ...]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Read:
    """A photograph, whether it is nothing but a plate, and the plate seen in it."""

    photo: PlatePhoto
    crop: bool
    plate: PlateSighting | None

    @property
    def text(self) -> str:
        return self.plate.text if self.plate else ""

    @property
    def exact(self) -> bool:
        return self.plate is not None and self.text == self.photo.plate

    @property
    def accepted(self) -> bool:
        return self.plate is not None and self.plate.kind is not None

    @property
    def characters(self) -> float:
        return 1 - min(1.0, edits(self.photo.plate, self.text) / len(self.photo.plate))


def score_plates(
    recogniser: PlateRecogniser,
    folder: Path,
    step: Step,
    limit: int | None = None,
    seed: int = 1,
    *,
    excluding: bool = False,
) -> PlateScore:
    """Read every picture of the folder, or `limit` of them drawn with the seed.

    Args:
        recogniser: what is measured.
        folder: pictures named after their plates, or listed in a `labels.csv`.
        step: told how far it is.
        limit: pictures at most.
        seed: of the draw.
        excluding: leave out plates that the project's own weights have learned from.

    Raises:
        GateError: `bench.no_pictures`, `bench.no_plates` where no picture has a known plate, `bench.all_seen`.
    """
    photos, notes = plate_photos(folder)
    by_bytes = once({photo.file: photo.plate for photo in photos}, digest_of, folder)
    kept = [photo for photo in photos if photo.file in by_bytes.kept]
    fresh = [photo for photo in kept if unseen(photo.names, seen("plates"))] if excluding else kept
    if not fresh:
        raise _nothing_left(folder, [*notes, *by_bytes.notes], len(kept))
    drawn = fresh
    if limit is not None and limit < len(fresh):
        drawn = sorted(random.Random(seed).sample(fresh, limit), key=lambda photo: photo.file)  # noqa: S311 - repeatable
    looks = look_at([photo.file for photo in drawn], lambda picture: best_plate(recogniser, picture), step)
    by_pixels = once({photo.file: photo.plate for photo in drawn}, lambda file: looks[file].digest, folder)
    reads = [_read(photo, looks[photo.file]) for photo in drawn if photo.file in by_pixels.kept]
    if not reads:
        raise _nothing_left(folder, by_pixels.notes, 0)
    return PlateScore(
        whole=_tally(reads),
        crops=sum(read.crop for read in reads),
        excluded=len(kept) - len(fresh),
        ms_per_picture=ms_of(looks),
        by_colour=_by_colour(reads),
        by_height=_by_height(reads),
        confusions=table((r.photo.plate, r.text) for r in reads if r.characters >= SAME_PLATE),
        wrong=tuple(Wrong(shown(r.photo.file), r.photo.plate, r.text) for r in reads if not r.exact),
        refused=tuple((shown(file), look.code) for file, look in looks.items() if look.code),
        notes=(*notes, *by_bytes.notes, *by_pixels.notes),
    )


def colour_of(plate: str) -> PlateColour | None:
    """The colour that a plate's form alone tells, None for a car's seven signs, which stand on several."""
    if len(plate) >= NEW_ENERGY_SIGNS and not any(rule.fits(plate) for rule in RULES):
        return PlateColour.GREEN
    if classify(plate, PlateColour.UNKNOWN) is PlateKind.NEW_ENERGY_LARGE:
        return PlateColour.YELLOW_GREEN
    colours = {colour for rule in RULES if rule.fits(plate) for colour in rule.colours}
    return colours.pop() if len(colours) == 1 else None


def is_crop(picture: Picture) -> bool:
    """Whether a picture has the size and shape of a plate that was cut out."""
    height, width = picture.shape[:2]
    least, most = CROP_SHAPE
    return bool(height < CROP_BELOW_PX and least * height <= width <= most * height)


def height_of(plate: PlateSighting) -> float:
    """The plate's own height in pixels: the mean of its left and right edge, however it is turned."""
    top_left, top_right, bottom_right, bottom_left = plate.corners
    return float(np.linalg.norm(bottom_left - top_left) + np.linalg.norm(bottom_right - top_right)) / 2


def _tally(reads: Sequence[_Read]) -> Tally:
    """The shares over some pictures, at least one."""
    accepted = [read for read in reads if read.accepted]
    return Tally(
        pictures=len(reads),
        found=float(np.mean([read.plate is not None for read in reads])),
        exact=float(np.mean([read.exact for read in reads])),
        characters=float(np.mean([read.characters for read in reads])),
        accepted=len(accepted) / len(reads),
        exact_of_accepted=float(np.mean([read.exact for read in accepted])) if accepted else None,
        accepted_wrong=sum(not read.exact for read in accepted) / len(reads),
    )


def best_plate(recogniser: PlateRecogniser, picture: Picture) -> tuple[bool, PlateSighting | None]:
    """Whether the picture is a crop, and its plate: the largest of those that are sure, else the surest.

    A picture of a gate is about the nearest car, not about the one whose plate happens to be read most surely.
    """
    if is_crop(picture):
        return True, recogniser.read(picture)
    plates = recogniser.see(picture)
    return False, max(plates, key=_nearness, default=None)


def _nearness(plate: PlateSighting) -> tuple[float, float]:
    return height_of(plate) if plate.sure >= SURE else 0.0, plate.sure


def _read(photo: PlatePhoto, look: Look[tuple[bool, PlateSighting | None]]) -> _Read:
    return _Read(photo, *(look.answer or (False, None)))


def _nothing_left(folder: Path, notes: Sequence[Note], known: int) -> GateError:
    if known:
        return GateError("bench.all_seen", folder=folder, count=known)
    if notes:
        return GateError("bench.no_plates", folder=folder, count=len(notes), example=notes[0].file)
    return GateError("bench.no_pictures", folder=folder)


def _by_colour(reads: Sequence[_Read]) -> tuple[ColourTally, ...]:
    groups: dict[tuple[PlateColour, str], list[_Read]] = defaultdict(list)
    for read in reads:
        named = colour_of(read.photo.plate)
        as_read = read.plate.colour if read.plate else PlateColour.UNKNOWN
        groups[(named, "name") if named else (as_read, "reading")].append(read)
    return tuple(ColourTally(colour, by, _tally(groups[colour, by])) for colour, by in sorted(groups))


def _by_height(reads: Sequence[_Read]) -> tuple[HeightTally, ...]:
    bands: dict[int, list[_Read]] = defaultdict(list)
    for read in reads:
        bands[-1 if read.plate is None else int(np.digitize(height_of(read.plate), HEIGHT_BANDS_PX))].append(read)
    edges: tuple[int | None, ...] = (None, 0, *HEIGHT_BANDS_PX, None)
    return tuple(
        HeightTally(edges[band + 1], None if band < 0 else edges[band + 2], _tally(bands[band]))
        for band in sorted(bands)
    )
