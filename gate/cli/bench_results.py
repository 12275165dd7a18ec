"""What `gate bench` measured, as JSON has it and as a person reads it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from gate.bench.confusion import most_frequent
from gate.bench.dataset import Note
from gate.bench.faces import FARS, FaceScore
from gate.bench.identification import Identification
from gate.bench.plates import PlateScore, Tally
from gate.bench.speed import Speed, Timing
from gate.cli.terminal import err, out
from gate.texts import t

CONFUSIONS = 10
"""Misreadings that are printed; JSON has all."""


def plates_table(score: PlateScore) -> dict[str, Any]:
    """The score as JSON has it: the shares of the whole beside everything else."""
    table = asdict(score)
    whole = table.pop("whole")
    groups = {key: [group.pop("tally") | group for group in table.pop(key)] for key in ("by_colour", "by_height")}
    return {**whole, **table, **groups}


def faces_table(score: FaceScore) -> dict[str, Any]:
    """The score as JSON has it: one key per rate, such as `tar_at_far_1e-3`."""
    spread = score.spread
    table = {key: value for key, value in asdict(score).items() if key not in {"operating", "spread"}}
    for far, point in score.operating.items():
        table |= {f"tar_at_far_{_rate(far)}": point.tar, f"threshold_at_far_{_rate(far)}": point.threshold}
    every: dict[str, Any] = dict(zip(("same", "different"), spread.pairs, strict=True))
    for far in FARS:
        met = spread.at(far)
        every |= {f"tar_at_far_{_rate(far)}": met and met.tar, f"threshold_at_far_{_rate(far)}": met and met.threshold}
    return {**table, "every_pair": every}


def speed_table(speed: Speed) -> dict[str, Any]:
    """The timings as JSON has them."""
    return asdict(speed)


def show_plates(score: PlateScore) -> None:
    """Print what a person wants to know of plates; what is wrong with the folder goes to stderr."""
    whole = score.whole
    out.print(
        t(
            "bench.plates_result",
            pictures=whole.pictures,
            exact=f"{whole.exact:.1%}",
            found=f"{whole.found:.1%}",
            characters=f"{whole.characters:.1%}",
            ms=f"{score.ms_per_picture:.0f}",
        )
    )
    out.print(
        t(
            "bench.with_grammar",
            accepted=f"{whole.accepted:.1%}",
            exact=_share(whole.exact_of_accepted),
            wrong=f"{whole.accepted_wrong:.1%}",
        )
    )
    if score.crops:
        out.print(t("bench.crops", crops=score.crops))
    _show_excluded("bench.plates_excluded", score.excluded)
    rows = [
        (t(f"bench.colour_{group.colour}") + ("" if group.by == "name" else t("bench.as_read")), group.tally)
        for group in score.by_colour
    ]
    out.print(_tallies(t("bench.column_colour"), rows))
    bands = [(_band(group.from_px, group.below_px), group.tally) for group in score.by_height]
    out.print(_tallies(t("bench.column_height"), bands))
    if confusions := most_frequent(score.confusions, CONFUSIONS):
        pairs = [f"{wrong.plate or '-'}→{wrong.read or '-'} ×{wrong.times}" for wrong in confusions]
        out.print(t("bench.confusions", pairs="  ".join(pairs)), markup=False)
    for wrong in score.wrong:
        out.print(t("bench.wrong", file=wrong.file, plate=wrong.plate, read=wrong.read or "-"), markup=False)
    _show_troubles(score.refused, score.notes)


def show_faces(score: FaceScore) -> None:
    """Print what a person wants to know of faces; what is wrong with the folder goes to stderr."""
    out.print(
        t(
            "bench.faces_result",
            pairs=score.pairs,
            people=score.people,
            accuracy=f"{score.accuracy:.2%}",
            deviation=f"{score.deviation:.2%}",
            ms=f"{score.ms_per_picture:.0f}",
        )
    )
    for far, point in score.operating.items():
        if far * score.pairs / 2 < 1:
            continue  # finer than the pairs drawn can tell; every pair below can
        out.print(t("bench.operating", far=f"{far:.2%}", tar=f"{point.tar:.1%}", threshold=f"{point.threshold:.3f}"))
    same, different = score.spread.pairs
    out.print(t("bench.every_pair", same=same, different=different))
    for far in FARS:
        met = score.spread.at(far)
        if met:
            out.print(t("bench.operating", far=f"{far:.2%}", tar=f"{met.tar:.1%}", threshold=f"{met.threshold:.3f}"))
        else:
            out.print(t("bench.too_few_pairs", far=f"{far:.2%}"))
    _show_excluded("bench.people_excluded", score.excluded)
    for tried in score.identification:
        _show_identification(tried)
    if score.without_face:
        out.print(t("bench.without_face", pictures=len(score.without_face)))
    _show_troubles(score.refused, score.notes)


def show_speed(speed: Speed, packs: Sequence[str]) -> None:
    """Print the machine, a row per kind of work, and the size of each model."""
    out.print(
        t("bench.machine", processor=speed.machine.processor, cores=speed.machine.cores, rounds=speed.rounds),
        markup=False,
    )
    first, *others = packs
    table = Table()
    table.add_column(t("bench.column_work"), no_wrap=True)
    table.add_column(t("bench.column_threads"), justify="right")
    for pack in packs:
        table.add_column(t("bench.column_ms", pack=pack), justify="right")
    for other in others:
        table.add_column(f"{first} / {other}", justify="right")
    for timing in speed.timings:
        times = [_times(timing.ms[pack], timing.least_ms[pack]) for pack in packs]
        table.add_row(_work(timing), str(timing.threads), *times, *(_number(timing.ratios[o], ".2f") for o in others))
    out.print(table)
    for weight in speed.weights:
        role = t(f"models.role.{weight.role}")
        out.print(t("bench.weight", pack=weight.pack, role=role, model=weight.model, bytes=f"{weight.bytes:,}"))


def _show_identification(tried: Identification) -> None:
    out.print(
        t(
            "bench.identification",
            people=tried.people,
            mates=tried.mates,
            strangers=tried.strangers,
            first=_share(tried.ranked_first),
            identified=_share(tried.identified),
            mistaken=_share(tried.mistaken, 2),
            false_positive=_share(tried.false_positive, 2),
            accept=tried.accept,
            margin=tried.margin,
        )
    )
    if tried.at_fpir:
        point = tried.at_fpir
        out.print(t("bench.at_fpir", identified=f"{point.tar:.1%}", threshold=f"{point.threshold:.3f}"))
    if tried.people < tried.wanted:
        out.print(t("bench.fewer_people", wanted=tried.wanted, people=tried.people))


def _show_excluded(code: str, count: int) -> None:
    if count:
        out.print(t(code, count=count))


def _show_troubles(refused: Iterable[tuple[str, str]], notes: Iterable[Note]) -> None:
    for file, code in refused:
        err.print(t("bench.refused", file=file, code=code), markup=False)
    for note in notes:
        err.print(t(note.code, file=note.file, detail=note.detail), markup=False)


def _tallies(title: str, rows: Iterable[tuple[str, Tally]]) -> Table:
    table = Table()
    table.add_column(title)
    for column in ("pictures", "exact", "characters", "accepted", "wrong"):
        table.add_column(t(f"bench.column_{column}"), justify="right")
    for name, tally in rows:
        shares = (tally.exact, tally.characters, tally.accepted, tally.accepted_wrong)
        table.add_row(name, str(tally.pictures), *(f"{share:.1%}" for share in shares))
    return table


def _band(from_px: int | None, below_px: int | None) -> str:
    if from_px is None:
        return t("bench.not_found")
    return f"{from_px}-{below_px}" if below_px else f"{from_px}+"


def _work(timing: Timing) -> str:
    if timing.work in {"plates", "faces"}:
        return t(f"bench.whole_{timing.work}")
    role = t(f"models.role.{timing.work}")
    return f"{role} {timing.longest_px}" if timing.longest_px else role


def _rate(far: float) -> str:
    return f"{far:.0e}".replace("e-0", "e-")


def _share(share: float | None, digits: int = 1) -> str:
    return "-" if share is None else f"{share:.{digits}%}"


def _times(median: float | None, least: float | None) -> str:
    return "-" if median is None else f"{median:.1f} ({least:.1f})"


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
