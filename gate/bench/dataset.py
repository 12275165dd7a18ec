"""Labelled photographs in a folder: what each shows by its name or its list, and what is wrong with which row."""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from models.holdout import mark
from models.plate.grammar import PROVINCES, classify, normalise
from models.sighting import PlateColour

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})

LABELS = "labels.csv"
"""A list of this name says what the pictures beside it show: columns `file`, `plate` and, where the plate was mended,
`corrected_plate`."""

ENCODINGS = ("utf-8-sig", "gb18030")
"""What lists come in: the second is what spreadsheets write where Chinese is spoken."""

LIKE_A_PLATE = re.compile(rf"[{PROVINCES}][0-9A-Z]{{5,6}}[0-9A-Z学警港澳挂使领]")
"""What may be on a car though no rule of the grammar knows it: measured, lest the grammar choose its own examples."""

_COPY = re.compile(r"(.+?)(?:[\s_-]+\d{1,3}|\s*[(（]\d{1,3}[)）]|[\s_-]*(?:copy|副本)[\s\d()]*)", re.IGNORECASE)
"""How a second file of one plate is told from the first: `辽A12345_2`, `辽A12345 (2)`."""


@dataclass(frozen=True, slots=True)
class Note:
    """What the owner of a folder should know of one of its files; `code` has its sentence, `detail` fills it in."""

    file: str
    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class PlatePhoto:
    """A picture and the normalised plate on it; `names` are all labels that it has gone by, this one among them."""

    file: Path
    plate: str
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Twins:
    """Files that remain when each picture counts once, and what was found about the others."""

    kept: frozenset[Path]
    notes: tuple[Note, ...]


def shown(file: Path, folder: Path | None = None) -> str:
    """A file's name, or its path within the folder, as it can be printed: no control characters, no broken bytes."""
    name = file.name if folder is None else file.relative_to(folder).as_posix()
    return _printable(os.fsencode(name).decode("utf-8", "replace"))


def plate_photos(folder: Path) -> tuple[list[PlatePhoto], list[Note]]:
    """Every picture in and below the folder whose plate is known, sorted, and what is wrong with the others.

    A `labels.csv` speaks for the pictures beside it; of one that it does not name, the file's stem is the plate.
    """
    notes: list[Note] = []
    labels: dict[Path, Sequence[str]] = {}
    disputed = set()
    for listing in sorted(folder.rglob(LABELS)):
        for file, names in _rows(listing, folder, notes):
            if labels.setdefault(file, names)[0] != names[0]:
                disputed.add(file)
                notes.append(Note(shown(file, folder), "bench.row_two_labels", f"{labels[file][0]}, {names[0]}"))
    photos = []
    for file in _pictures(folder.rglob("*")):
        names = labels.get(file) or [_stem_plate(file)]
        if file in disputed:
            continue
        if not could_be_plate(names[0]):
            notes.append(Note(shown(file, folder), "bench.row_not_a_plate", names[0]))
            continue
        if classify(names[0], PlateColour.UNKNOWN) is None:
            notes.append(Note(shown(file, folder), "bench.row_outside_grammar", names[0]))
        photos.append(PlatePhoto(file, names[0], frozenset(names)))
    return photos, notes


def people_photos(folder: Path) -> tuple[dict[str, list[Path]], list[Note]]:
    """The pictures of each person of a folder that holds one folder per person, and what is wrong with the others."""
    people: dict[str, list[Path]] = {}
    notes = [Note(shown(file), "bench.row_nobody") for file in _pictures(folder.iterdir())]
    for person in sorted(folder.iterdir()):
        files = _pictures(person.iterdir()) if person.is_dir() else []
        if files:
            people[shown(person)] = files
    return people, notes


def once(labels: Mapping[Path, str], digest: Callable[[Path], Hashable | None], folder: Path) -> Twins:
    """Each picture once: of two with one digest and one label the first stays, of two that contradict each other none.

    A file whose digest is None stays.
    """
    alike: dict[Hashable, list[Path]] = defaultdict(list)
    for file in sorted(labels):
        found = digest(file)
        alike[("alone", file) if found is None else found].append(file)
    kept: set[Path] = set()
    notes: list[Note] = []
    for files in alike.values():
        first = files[0]
        if len({labels[file] for file in files}) > 1:
            others = [next(other for other in files if labels[other] != labels[file]) for file in files]
            pairs = zip(files, others, strict=True)
            notes += [Note(shown(one, folder), "bench.row_contradiction", shown(two, folder)) for one, two in pairs]
            continue
        kept.add(first)
        notes += [Note(shown(file, folder), "bench.row_twice", shown(first, folder)) for file in files[1:]]
    return Twins(frozenset(kept), tuple(notes))


def digest_of(file: Path) -> bytes | None:
    """SHA-256 of a file's bytes, None where it cannot be read."""
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").digest()
    except OSError:
        return None


def unseen(names: Collection[str], marks: Collection[str]) -> bool:
    """Whether none of the names bears one of the marks of what was learned from."""
    return not any(mark(name) in marks for name in names)


def could_be_plate(text: str) -> bool:
    """Whether a normalised text can stand on a plate, by the grammar or by its looks alone."""
    return classify(text, PlateColour.UNKNOWN) is not None or bool(LIKE_A_PLATE.fullmatch(text))


def _stem_plate(file: Path) -> str:
    stem = shown(Path(file.stem))
    copy = _COPY.fullmatch(stem)
    if copy and could_be_plate(normalise(copy[1])):
        return normalise(copy[1])
    return normalise(stem)


def _pictures(files: Iterator[Path]) -> list[Path]:
    return sorted(file for file in files if _is_picture(file))


def _is_picture(file: Path) -> bool:
    """Whether a file is called a picture; a link to nothing is one too, and is told when it cannot be opened."""
    return file.suffix.lower() in SUFFIXES and (file.is_file() or (file.is_symlink() and not file.exists()))


def _rows(listing: Path, folder: Path, notes: list[Note]) -> Iterator[tuple[Path, Sequence[str]]]:
    """File and labels of each row that names a picture of the list's folder, the label that counts first."""
    where = shown(listing, folder)
    text = _text(listing)
    if text is None:
        notes.append(Note(where, "bench.row_unreadable"))
        return
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    try:
        if not {"file", "plate"} <= set(reader.fieldnames or ()):
            notes.append(Note(where, "bench.row_columns", _printable(", ".join(reader.fieldnames or ()))))
            return
        for row in reader:
            line = f"{where}:{reader.line_num}"
            file = listing.parent / row["file"].replace("\\", "/")
            names = [normalise(_printable(row.get(key) or "")) for key in ("corrected_plate", "plate")]
            if ".." in file.parts or not file.is_relative_to(listing.parent) or not _is_picture(file):
                notes.append(Note(line, "bench.row_no_file", _printable(row["file"])))
            elif any(names):
                yield file, [name for name in names if name]
            else:
                notes.append(Note(line, "bench.row_no_plate", _printable(row["file"])))
    except csv.Error as broken:
        notes.append(Note(f"{where}:{reader.line_num}", "bench.row_broken", str(broken)))


def _text(listing: Path) -> str | None:
    """The list's text, with marks in the place of what no known encoding reads; None where the file is unreadable."""
    try:
        raw = listing.read_bytes()
    except OSError:
        return None
    for encoding in ENCODINGS:
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return raw.decode("utf-8", "replace")


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
