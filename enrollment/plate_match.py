"""Which enrolled vehicle a reading means: exactly the one it says or, with one doubtful character, the only lookalike.

A pure function of the plate book and the reading. A camera's reading opens a gate, so the way past an exact match is
narrow, and every step of it must hold:

- One position at most is doubtful: its winner has less of the votes than `sure`. With two, nobody could read the plate.
- At that position the track read two characters that stand in the table of lookalikes, and together they are as sure
  as one must be. A swap that no frame of the track has seen is a guess.
- Of all enrolled plates that differ from the reading in nothing but lookalikes there, exactly one fits, and it is one
  of the two that were read. Two enrolled neighbours exclude each other.
- Length, form and colour agree with the enrolled plate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from enrollment.candidate import Subject
from enrollment.gallery import PlateBook
from models.plate.grammar import classify, normalise
from models.plate.lookalikes import lookalikes
from models.sighting import PlateColour


@dataclass(frozen=True, slots=True)
class Votes:
    """What one position was read as: the winner and the next, with their shares of the votes (0 to 1).

    `next` is "" where every reading agreed.
    """

    first: str
    share: float
    next: str = ""
    next_share: float = 0.0


@dataclass(frozen=True, slots=True)
class Doubt:
    """The one character of a plate that was not sure: what was read there and what the enrolled plate has there.

    `position` counts from 1. `share` is the winner's share of the votes and `together` that of both lookalikes.
    """

    position: int
    read: str
    enrolled: str
    other: str
    share: float
    together: float


@dataclass(frozen=True, slots=True)
class PlateMatch:
    """The enrolled vehicle that a reading means, and its plate; `doubt` is None where every character was sure."""

    subject: Subject
    plate: str
    doubt: Doubt | None = None


def match(book: PlateBook, votes: tuple[Votes, ...], colour: PlateColour, sure: float) -> PlateMatch | None:
    """The enrolled vehicle that the votes mean, None for nobody or nobody in particular.

    Args:
        book: every enrolled plate.
        votes: a position after the other.
        colour: what was read; agrees with anything where it is unknown.
        sure: the share from which a character is sure.
    """
    doubtful = [place for place, vote in enumerate(votes) if vote.share < sure]
    text = "".join(vote.first for vote in votes)
    if not doubtful:
        subject = book.find(text) if classify(text, colour) else None
        return PlateMatch(subject, normalise(text)) if subject else None
    if len(doubtful) > 1:
        return None
    place = doubtful[0]
    vote = votes[place]
    together = min(1.0, vote.share + vote.next_share)
    if vote.next not in lookalikes(vote.first) or together < sure:
        return None
    fits = [plate for plate in _alike(text, place) if _enrolled(book, plate, colour)]
    if len(fits) != 1 or fits[0][place] not in (vote.first, vote.next):
        return None
    enrolled = fits[0][place]
    other = vote.next if enrolled == vote.first else vote.first
    doubt = Doubt(place + 1, vote.first, enrolled, other, vote.share, together)
    return PlateMatch(book.vehicles[fits[0]], fits[0], doubt)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A text that differs from an enrolled plate in one lookalike: at `position` (from 1), `read` for `enrolled`.

    `accepted` says whether the matcher would open to the enrolled plate for it; `belongs` is the vehicle that is
    enrolled under the text itself, which keeps it from being accepted for another.
    """

    text: str
    position: int
    enrolled: str
    read: str
    accepted: bool
    belongs: Subject | None


def neighbours(book: PlateBook, plate: str, colour: PlateColour, sure: float) -> list[Neighbour]:
    """Every text within one lookalike of an enrolled plate, asked of the matcher itself, in order of position."""
    text = normalise(plate)
    found = []
    for place in range(len(text)):
        for other in _alike(text, place):
            if other == text:
                continue
            votes = tuple(
                Votes(other[place], sure / 2, text[place], sure / 2) if at == place else Votes(sign, 1.0)
                for at, sign in enumerate(text)
            )
            matched = match(book, votes, colour, sure)
            accepted = matched is not None and matched.plate == text
            found.append(Neighbour(other, place + 1, text[place], other[place], accepted, book.find(other)))
    return found


def _alike(text: str, place: int) -> Iterator[str]:
    """The text itself, and with each lookalike of the character at `place`."""
    for sign in (text[place], *sorted(lookalikes(text[place]))):
        yield text[:place] + sign + text[place + 1 :]


def _enrolled(book: PlateBook, plate: str, colour: PlateColour) -> bool:
    if plate not in book.vehicles or classify(plate, colour) is None:
        return False
    registered = book.colours.get(plate, PlateColour.UNKNOWN)
    if PlateColour.UNKNOWN in (registered, colour) or registered is colour:
        return True
    # Not every reader knows yellow-green; the form, which the colour has just agreed with, tells such a plate.
    return PlateColour.YELLOW_GREEN in (registered, colour)
