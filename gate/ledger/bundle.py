"""A signed bundle: passages with their rows, handed to somebody who trusts neither this box nor its makers.

A ZIP with

    manifest.txt     SHA-256 and name of every other file, as `sha256sum` writes them
    manifest.sig     the Ed25519 signature of manifest.txt, in hex
    public_key.txt   the public key in hex, and its fingerprint
    checkpoints.txt  the checkpoints of each stretch of rows, one a line
    rows.jsonl       the rows of each stretch in order: in full those asked for, of the others only seq and content
    details.jsonl    seq, salt and stored text of each passage's details, and of each remark
    pictures/ID.jpg  the pictures, if they were asked for and are still kept
    readme.txt       what all this is and how to check it

A stretch runs from one checkpoint to another, so a few passages prove themselves with a few hundred short lines and no
other passage is told. Where all lie within `MOST_WHOLE` rows there is one stretch from the first to the last, and it is
seen how many rows in between were not told. The export's own row is told too: it says how many passages were found, so
that none of them can be left out afterwards. That the search was the right one no bundle can prove.
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from gate.errors import LedgerBroken
from gate.ledger.chain import Row, content_of
from gate.ledger.checkpoint import Checkpoint, Signer, fingerprint
from gate.ledger.erased import is_emptied
from gate.ledger.snapshots import Snapshots
from gate.ledger.tables import CheckpointRow, LedgerRow, PassageRow, RemarkRow
from gate.ledger.verify import rows_after

MOST_PICTURES = 2000
MOST_WHOLE = 100_000
"""Rows of one unbroken stretch: nine megabytes of digests."""


@dataclass(slots=True)
class _Manifest:
    file: zipfile.ZipFile
    sums: list[str] = field(default_factory=list)

    def add(self, name: str, content: bytes) -> None:
        self.file.writestr(name, content)
        self.sums.append(f"{hashlib.sha256(content).hexdigest()}  {name}\n")

    def add_lines(self, name: str, lines: Iterable[str]) -> None:
        """Write a long file as its lines come."""
        digest = hashlib.sha256()
        with self.file.open(name, "w", force_zip64=True) as out:
            for line in lines:
                encoded = f"{line}\n".encode()
                digest.update(encoded)
                out.write(encoded)
        self.sums.append(f"{digest.hexdigest()}  {name}\n")


def write_bundle(
    path: Path,
    session: Session,
    passages: Sequence[PassageRow],
    signer: Signer,
    snapshots: Snapshots | None,
    readme: str,
    export: int | None = None,
) -> None:
    """Write the bundle of these passages, all of them covered by checkpoints. `snapshots` None leaves pictures out.

    `export` is the number of the row that says that they are exported.

    Raises:
        OSError: the disk is full or cannot be written.
    """
    stretches = _joined(session, sorted(passage.seq for passage in passages), export)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        manifest = _Manifest(file)
        manifest.add("readme.txt", readme.encode())
        key = f"{signer.public.hex()}\n{fingerprint(signer.public)}\n"
        manifest.add("public_key.txt", key.encode())
        manifest.add_lines("checkpoints.txt", (str(mark) for mark in _checkpoints(session, stretches)))
        told: set[str] = set()
        ids = {passage.id for passage in passages}
        full = {passage.seq for passage in passages} | {export}
        manifest.add_lines("rows.jsonl", _rows(session, stretches, full, ids, told))
        manifest.add_lines("details.jsonl", _details(session, passages, sorted(told)))
        if snapshots:
            _pictures(manifest, passages, snapshots)
        listed = "".join(sorted(manifest.sums, key=lambda line: line[66:])).encode()
        file.writestr("manifest.txt", listed)
        file.writestr("manifest.sig", f"{signer.sign_bytes(listed).hex()}\n")


def _stretches(session: Session, seqs: Sequence[int]) -> list[tuple[int, int]]:
    """From the checkpoint before each row (0 is the beginning) to the one at or after it, joined where they meet."""
    stretches: list[tuple[int, int]] = []
    for seq in seqs:
        if stretches and seq <= stretches[-1][1]:
            continue
        before = select(CheckpointRow.seq).where(CheckpointRow.seq < seq).order_by(CheckpointRow.seq.desc()).limit(1)
        at_or_after = select(CheckpointRow.seq).where(CheckpointRow.seq >= seq).order_by(CheckpointRow.seq).limit(1)
        first, last = session.scalar(before) or 0, session.scalar(at_or_after)
        if last is None:
            raise LookupError(f"row {seq} is not signed yet")
        if stretches and first == stretches[-1][1]:
            stretches[-1] = stretches[-1][0], last
        else:
            stretches.append((first, last))
    return stretches


def _joined(session: Session, seqs: Sequence[int], export: int | None) -> list[tuple[int, int]]:
    """The stretches of these rows, as one where that is not too long, and that of the export's own row after them."""
    stretches = _stretches(session, seqs)
    if stretches and stretches[-1][1] - stretches[0][0] <= MOST_WHOLE:
        stretches = [(stretches[0][0], stretches[-1][1])]
    if export is None or (stretches and export <= stretches[-1][1]):
        return stretches
    (own,) = _stretches(session, [export])
    if stretches and own[0] <= stretches[-1][1]:
        return [*stretches[:-1], (stretches[-1][0], own[1])]
    return [*stretches, own]


def _checkpoints(session: Session, stretches: Sequence[tuple[int, int]]) -> Iterator[Checkpoint]:
    for first, last in stretches:
        wanted = select(CheckpointRow).where(CheckpointRow.seq.between(first, last)).order_by(CheckpointRow.seq)
        for row in session.scalars(wanted):
            yield Checkpoint(row.seq, row.at, row.hash, row.key, row.signature)


def _rows(
    session: Session, stretches: Iterable[tuple[int, int]], full: set[int | None], ids: set[str], remarks: set[str]
) -> Iterator[str]:
    for first, last in stretches:
        after = first
        while after < last:
            batch = rows_after(session, after, min(2000, last - after))
            about = _about(session, batch)
            for row in batch:
                if row.seq in full or about.get(row.seq) in ids:
                    yield json.dumps(
                        {"seq": row.seq, "at": row.at, "kind": row.kind, "body": row.body}, ensure_ascii=False
                    )
                    remark = json.loads(row.body).get("remark")
                    if isinstance(remark, str):
                        remarks.add(remark)
                else:
                    yield json.dumps({"seq": row.seq, "content": content_of(row.seq, row.at, row.kind, row.body).hex()})
            after = batch[-1].seq


def _about(session: Session, batch: Sequence[Row]) -> dict[int, str | None]:
    span = LedgerRow.seq.between(batch[0].seq, batch[-1].seq)
    wanted = select(LedgerRow.seq, LedgerRow.about).where(span, LedgerRow.about.is_not(None))
    return {row.seq: row.about for row in session.execute(wanted)}


def _details(session: Session, passages: Sequence[PassageRow], remarks: Sequence[str]) -> Iterator[str]:
    for passage in sorted(passages, key=lambda one: one.seq):
        if is_emptied(passage.salt, passage.details):
            continue
        told = {"seq": passage.seq, "salt": passage.salt.hex(), "text": passage.details}
        yield json.dumps(told, ensure_ascii=False)
    for start in range(0, len(remarks), 500):
        for remark in session.scalars(select(RemarkRow).where(RemarkRow.id.in_(remarks[start : start + 500]))):
            told = {"remark": remark.id, "salt": remark.salt.hex(), "text": remark.words}
            yield json.dumps(told, ensure_ascii=False)


def _pictures(manifest: _Manifest, passages: Sequence[PassageRow], snapshots: Snapshots) -> None:
    names = [name for passage in passages for name in (passage.snapshot, passage.context) if name]
    for name in list(dict.fromkeys(names))[:MOST_PICTURES]:
        try:
            jpeg = snapshots.look(name)
        except LedgerBroken:
            continue
        if jpeg is not None:
            manifest.add(f"pictures/{name}.jpg", jpeg)
