"""A signed export, and the independent program that checks it."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from enrollment.database import reading, writing
from gate.archive import Archive
from gate.ledger.bundle import write_bundle
from gate.ledger.checkpoint import Signer
from gate.ledger.ledger import Chain, Passage, begin
from gate.ledger.search import Query
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import PassageRow

MOMENT = datetime(2026, 2, 17, 15, 10, tzinfo=UTC)
PROGRAM = Path(__file__).parents[3] / "samples" / "verify_export.py"


@pytest.fixture
def record(engine: Engine, snapshots: Snapshots, signer: Signer) -> Engine:
    """Sixty passages with a remark and an act each, signed every ten."""
    with writing(engine) as session:
        begin(session, signer, MOMENT)
        for number in range(60):
            at = MOMENT + timedelta(seconds=number)
            chain = Chain(session)
            passage = Passage(
                f"p{number}", at, "in", "ask", "unknown_vehicle", None, "r", {"plate": f"苏Z1234{number}"}
            )
            chain.add_passage(passage, snapshots.keep(b"jpeg %d" % number, at))
            chain.add_note(at, "complaint.filed", {"actor": "a1", "about": f"p{number}"}, "认错了人")
            chain.flush()
            if number % 10 == 9:
                chain.sign(signer, at)
    return engine


def _export(record: Engine, path: Path, signer: Signer, snapshots: Snapshots, *ids: str) -> Path:
    with reading(record) as session:
        passages = session.scalars(select(PassageRow).where(PassageRow.id.in_(ids))).all()
        write_bundle(path, session, passages, signer, snapshots, "说明 / readme")
    return path


@pytest.fixture
def export(record: Engine, tmp_path: Path, signer: Signer, snapshots: Snapshots) -> Path:
    return _export(record, tmp_path / "export.zip", signer, snapshots, "p3", "p12", "p15", "p59")


def _checked(export: Path, *options: str) -> tuple[int, str]:
    done = subprocess.run([sys.executable, "-I", str(PROGRAM), str(export), *options], capture_output=True, text=True)
    assert not done.stderr
    return done.returncode, done.stdout


def test_the_program_needs_nothing_of_ours_and_is_short() -> None:
    text = PROGRAM.read_text("utf-8")
    assert len(text.splitlines()) < 200
    assert not [line for line in text.splitlines() if line.startswith(("from gate", "from enrollment", "from samples"))]


def test_an_export_holds_on_a_machine_that_has_nothing_of_ours(export: Path, signer: Signer) -> None:
    code, said = _checked(export, "--key", signer.public.hex())
    assert code == 0, said
    assert "HOLDS: 8 rows" in said
    assert "4 pictures" in said


def test_without_a_key_it_says_what_to_compare(export: Path) -> None:
    code, said = _checked(export)
    assert code == 0
    assert "compare the fingerprint" in said


def test_nothing_of_other_passages_is_told(export: Path) -> None:
    with zipfile.ZipFile(export) as file:
        told = {row["seq"] for row in map(json.loads, file.read("rows.jsonl").decode().splitlines()) if "body" in row}
        everything = b"".join(file.read(name) for name in file.namelist())
    assert told == {8, 9, 26, 27, 32, 33, 120, 121}
    assert b'"p4"' not in everything
    assert "苏Z12344".encode() not in everything


def test_rows_in_between_are_counted_and_where_they_are_too_many_it_is_said_what_is_not_here(
    record: Engine, export: Path, tmp_path: Path, signer: Signer, snapshots: Snapshots, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "8 rows, 112 more as digests only, 0 between them not here; 4 passages" in _checked(export)[1]
    monkeypatch.setattr("gate.ledger.bundle.MOST_WHOLE", 50)
    apart = _export(record, tmp_path / "apart.zip", signer, snapshots, "p3", "p59")
    code, said = _checked(apart, "--key", signer.public.hex())
    assert (code, "4 rows, 36 more as digests only, 80 between them not here" in said) == (0, True), said


def test_a_passage_that_was_found_and_left_out_is_missed(
    record: Engine, tmp_path: Path, signer: Signer, snapshots: Snapshots
) -> None:
    archive = Archive(record, signer, snapshots, lambda *_told, **_facts: None)
    exported = archive.export(Query(), "a1", "bundle", "police", "调取函")
    archive.bundle(tmp_path / "all.zip", exported, "readme", pictures=False)
    code, said = _checked(tmp_path / "all.zip", "--key", signer.public.hex())
    assert (code, "60 passages" in said) == (0, True), said
    archive.bundle(tmp_path / "less.zip", replace(exported, entries=exported.entries[1:]), "readme", pictures=False)
    code, said = _checked(tmp_path / "less.zip", "--key", signer.public.hex())
    assert (code, "60 passages were exported, and here are 59" in said) == (1, True), said


def test_a_whole_record_can_be_exported(record: Engine, tmp_path: Path, signer: Signer, snapshots: Snapshots) -> None:
    every = _export(record, tmp_path / "all.zip", signer, snapshots, *(f"p{number}" for number in range(60)))
    code, said = _checked(every, "--key", signer.public.hex())
    assert (code, "120 rows" in said) == (0, True)


def _again(export: Path, signer: Signer | None, change: Callable[[dict[str, bytes]], object]) -> None:
    """Change the files and, with a signer, list and sign them again."""
    import hashlib

    with zipfile.ZipFile(export) as file:
        files = {name: file.read(name) for name in file.namelist()}
    change(files)
    if signer:
        files.pop("manifest.txt"), files.pop("manifest.sig")
        sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)).encode()
        files |= {"manifest.txt": sums, "manifest.sig": signer.sign_bytes(sums).hex().encode()}
    with zipfile.ZipFile(export, "w") as file:
        for name, content in files.items():
            file.writestr(name, content)


def _replaced(name: str, old: bytes, new: bytes) -> Callable[[dict[str, bytes]], object]:
    def change(files: dict[str, bytes]) -> None:
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return change


def _without_line(name: str, number: int) -> Callable[[dict[str, bytes]], object]:
    def change(files: dict[str, bytes]) -> None:
        lines = files[name].splitlines(keepends=True)
        del lines[number]
        files[name] = b"".join(lines)

    return change


def _swapped_pictures(files: dict[str, bytes]) -> None:
    one, other = sorted(name for name in files if name.startswith("pictures/"))[:2]
    files[one], files[other] = files[other], files[one]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            _replaced("rows.jsonl", b'\\"verdict\\":\\"ask\\"', b'\\"verdict\\":\\"open\\"'),
            "differ from the checkpoint",
        ),
        (_replaced("rows.jsonl", b'"at": "2026', b'"at": "2025'), "differ from the checkpoint"),
        (_without_line("rows.jsonl", 4), "are missing"),
        (_without_line("rows.jsonl", 0), "are missing"),
        (_without_line("rows.jsonl", -1), "without a checkpoint"),
        (_without_line("checkpoints.txt", -1), "without a checkpoint"),
        (_replaced("details.jsonl", "苏Z12343".encode(), "苏Z12349".encode()), "details of row 8"),
        (_replaced("details.jsonl", "认错了人".encode(), "没有认错".encode()), "the remark"),
        (_swapped_pictures, "is not the picture that was taken"),
    ],
)
def test_a_change_is_named_even_where_the_list_was_signed_again(
    export: Path, signer: Signer, change: Callable[[dict[str, bytes]], object], said: str
) -> None:
    _again(export, signer, change)
    code, told = _checked(export, "--key", signer.public.hex())
    assert code == 1
    assert said in told


def test_a_change_without_the_key_is_named_by_the_file(export: Path, signer: Signer) -> None:
    _again(export, None, _replaced("readme.txt", b"readme", b"forged"))
    code, said = _checked(export, "--key", signer.public.hex())
    assert (code, "readme.txt is not the file" in said) == (1, True)


def test_an_export_of_a_gate_that_never_was_is_foreign(
    record: Engine, tmp_path: Path, signer: Signer, snapshots: Snapshots
) -> None:
    export = _export(record, tmp_path / "x.zip", Signer(b"f" * 32), snapshots, "p3")
    assert "another public key" in _checked(export, "--key", signer.public.hex())[1]
    assert "signed with another key" in _checked(export)[1]


def test_an_anchor_noted_earlier_is_compared(export: Path, tmp_path: Path, signer: Signer) -> None:
    anchors = tmp_path / "anchors.txt"
    with zipfile.ZipFile(export) as file:
        right = file.read("checkpoints.txt").decode()
    anchors.write_text(right, "utf-8")
    assert _checked(export, "--key", signer.public.hex(), "--anchors", str(anchors))[0] == 0
    anchors.write_text(f"{signer.sign(15, '2026-02-17T15:10:00.000000Z', b'x' * 32)}\n", "utf-8")
    code, said = _checked(export, "--key", signer.public.hex(), "--anchors", str(anchors))
    assert (code, "your anchor" in said) == (1, True)


def test_what_is_no_export_is_said_plainly(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(b"no zip")
    code, said = _checked(path)
    assert (code, "no whole export" in said) == (1, True)
