"""How well people are picked out of a gallery, and how rarely strangers are taken for one of them.

Searching is the product's own (`enrollment.gallery`), a single picture deciding. At the gate several frames do.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enrollment.candidate import Candidate, Subject, SubjectKind
from enrollment.gallery import Gallery
from gate.bench.verification import Operating
from gate.config import FaceLimits
from models.sighting import Embedding

GALLERIES = (100, 1000, 5000)
"""People in the galleries that are tried: a building, a compound, a large compound."""

STRANGERS = 1000
"""So many people at most are kept out of every gallery, and a quarter of a folder at most."""

PROBES = 3
"""Pictures of one person that are searched for at most, so that nobody well photographed decides the figures."""

FPIR = 1e-2
"""False positive rate at which packs are compared whatever their thresholds."""

LANE = ""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Somebody who can be in a gallery: the picture enrolled, and further ones to be found by."""

    name: str
    photo: Path
    probes: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Cast:
    """Who is enrolled, in the order in which galleries fill up, and the pictures of those who never are."""

    enrolled: tuple[Enrolled, ...]
    strangers: tuple[Path, ...]

    @property
    def files(self) -> frozenset[Path]:
        """Every picture that is needed."""
        known = {file for person in self.enrolled for file in (person.photo, *person.probes)}
        return frozenset(known | set(self.strangers))


@dataclass(frozen=True, slots=True)
class Identification:
    """What came of searching one gallery, as shares of 1; None where there was nobody to search for.

    `people` are in the gallery, `wanted` so many were asked for. Of `mates` pictures of theirs a share is
    `ranked_first` (the right person is the most alike, whatever the score), `identified` (and passes the threshold and
    margin in force) or `mistaken` (another person passes them); of the pictures of `strangers` a share passes them as
    `false_positive`. `at_fpir` are the mates identified by the threshold, without a margin, that lets at most 1 % of
    the strangers pass: None with fewer than 100 of them.
    """

    wanted: int
    people: int
    mates: int
    strangers: int
    accept: float
    margin: float
    ranked_first: float | None
    identified: float | None
    mistaken: float | None
    false_positive: float | None
    at_fpir: Operating | None


def cast_of(people: Mapping[str, Sequence[Path]], generator: random.Random) -> Cast:
    """Who is enrolled and who stays a stranger, drawn by the generator.

    People of one picture are strangers first, since nothing is left to find them by; people of several fill the
    galleries first. An empty folder gives an empty cast.
    """
    several = sorted(name for name, files in people.items() if len(files) > 1)
    single = sorted(name for name, files in people.items() if len(files) == 1)
    generator.shuffle(several)
    generator.shuffle(single)
    count = min(STRANGERS, len(people) // 4)
    outside = (single + several[::-1])[:count]
    inside = [name for name in several + single if name not in set(outside)]
    drawn = {name: generator.sample(sorted(people[name]), len(people[name])) for name in inside + outside}
    enrolled = tuple(Enrolled(name, drawn[name][0], tuple(drawn[name][1 : 1 + PROBES])) for name in inside)
    return Cast(enrolled, tuple(file for name in outside for file in drawn[name][:PROBES]))


def sizes_of(available: int, wanted: Sequence[int] = GALLERIES) -> list[int]:
    """The sizes asked for, up to the first that takes everybody there is."""
    smaller = [size for size in sorted(set(wanted)) if size < available]
    larger = [size for size in sorted(set(wanted)) if size >= available]
    return smaller + larger[:1]


def identify(
    cast: Cast, embeddings: Mapping[Path, Embedding | None], model_id: str, rules: FaceLimits, wanted: int
) -> Identification:
    """Search a gallery of `wanted` people, or of all there are, for their other pictures and for the strangers'.

    A picture without a face is nobody: a mate of it is not found, a stranger not let in, and one to enrol leaves its
    person out.
    """
    people = [person for person in cast.enrolled if embeddings.get(person.photo) is not None][:wanted]
    gallery = Gallery.of(
        model_id,
        (
            (Subject(person.name, SubjectKind.RESIDENT, person.name), [face])
            for person in people
            if (face := embeddings[person.photo]) is not None
        ),
    )
    mates = [
        (_searched(gallery, embeddings[file]), person.name)
        for person in people
        for file in person.probes
        if file in embeddings
    ]
    strangers = [_searched(gallery, embeddings[file]) for file in cast.strangers if file in embeddings]

    def passes(found: Candidate | None) -> bool:
        return found is not None and found.score >= rules.needed(found.searched) and found.margin >= rules.margin

    first = [found is not None and found.subject.id == name for found, name in mates]
    passed = [passes(found) for found, _ in mates]
    return Identification(
        wanted=wanted,
        people=len(people),
        mates=len(mates),
        strangers=len(strangers),
        accept=rules.needed(len(people)),
        margin=rules.margin,
        ranked_first=_share(first),
        identified=_share([right and passing for right, passing in zip(first, passed, strict=True)]),
        mistaken=_share([passing and not right for right, passing in zip(first, passed, strict=True)]),
        false_positive=_share([passes(found) for found in strangers]),
        at_fpir=_at_fpir([_score(found) for found, _ in mates], first, [_score(found) for found in strangers]),
    )


def _searched(gallery: Gallery, face: Embedding | None) -> Candidate | None:
    return None if face is None else gallery.search(face, LANE)


def _score(found: Candidate | None) -> float:
    return -1.0 if found is None else found.score


def _share(outcomes: Sequence[bool]) -> float | None:
    return float(np.mean(outcomes)) if outcomes else None


def _at_fpir(mates: Sequence[float], first: Sequence[bool], strangers: Sequence[float]) -> Operating | None:
    """Mates found above the score that all but a share `FPIR` of the strangers stay at or below."""
    if not mates or len(strangers) * FPIR < 1:
        return None
    threshold = sorted(strangers, reverse=True)[int(FPIR * len(strangers))]
    found = [right and score > threshold for right, score in zip(first, mates, strict=True)]
    return Operating(float(np.mean(found)), threshold)
