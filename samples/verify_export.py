"""Checks a signed export of a gate's record, on the auditor's own machine, with nothing of the gate's.

    python verify_export.py export.zip [--key HEX] [--anchors menwei-anchors.txt]

Needs Python 3.9 or newer and the package `cryptography`. Give with `--key` the public key that was noted when the gate
was set up: without it an export of a gate that never existed would pass. Exit code 0 if everything holds, else 1.

What a row is, in short: the SHA-256 over five lines (`menwei-ledger/2`, number, time, kind, body) is its content; the
SHA-256 over the previous row's hash and the content is its hash; a checkpoint is a line with the hash of a row, signed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
import zipfile
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

CHECKPOINT = re.compile(r"(menwei-checkpoint/1 ([0-9]+) (\S{27}) ([0-9a-f]{64}) ([0-9a-f]{64})) ([0-9a-f]{128})")
BEGINNING = hashlib.sha256(b"menwei-ledger/2\n").digest()


class Wrong(Exception):
    """The first thing that does not hold."""


def sha256(content: bytes) -> bytes:
    """The digest of some bytes."""
    return hashlib.sha256(content).digest()


def signed(key: bytes, signature: str, content: bytes) -> bool:
    """Whether the signature is this key's."""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(bytes.fromhex(signature), content)
    except (InvalidSignature, ValueError):
        return False
    return True


def lines(export: zipfile.ZipFile, name: str) -> list[str]:
    """The lines of a text file of the export."""
    return export.read(name).decode().splitlines()


def check_manifest(export: zipfile.ZipFile, key: bytes) -> None:
    """Every file is listed with its digest, and the list is signed."""
    listed = export.read("manifest.txt")
    if not signed(key, export.read("manifest.sig").decode().strip(), listed):
        raise Wrong("manifest.txt is not signed with this key")
    sums = {line[66:]: line[:64] for line in listed.decode().splitlines()}
    there = {name for name in export.namelist() if name not in {"manifest.txt", "manifest.sig"}}
    if there != set(sums):
        raise Wrong(f"files that are not in the list, or are missing: {sorted(there ^ set(sums))}")
    for name, digest in sums.items():
        if sha256(export.read(name)).hex() != digest:
            raise Wrong(f"{name} is not the file that was exported")


def check_checkpoints(text: str, key: bytes, source: str) -> dict[int, bytes]:
    """The hash that each signed checkpoint gives for its row; mail may have quoted and folded the lines."""
    marks = {}
    plain = " ".join(re.sub(r"(?m)^[> ]+", "", text.replace("=\r\n", "").replace("=\n", "")).split())
    for statement, seq, _, hash_, named, signature in CHECKPOINT.findall(plain):
        if bytes.fromhex(named) != key:
            raise Wrong(f"{source}: the checkpoint of row {seq} is signed with another key")
        if not signed(key, signature, statement.encode()):
            raise Wrong(f"{source}: the signature of the checkpoint of row {seq} is wrong")
        marks[int(seq)] = bytes.fromhex(hash_)
    return marks


def check_rows(text: list[str], marks: dict[int, bytes], anchors: dict[int, bytes]) -> dict[int, dict[str, Any]]:
    """The body of every row that is told, once each stretch of rows joins two checkpoints."""
    bodies: dict[int, dict[str, Any]] = {}
    last, hash_ = None, b""
    for line in text:
        row = json.loads(line)
        seq = row["seq"]
        if last is None or seq != last + 1:
            if last is not None and last not in marks:
                raise Wrong(f"rows after {last} are missing: the stretch ends without a checkpoint")
            if seq != 1 and seq - 1 not in marks:
                raise Wrong(f"rows before {seq} are missing: the stretch begins without a checkpoint")
            hash_ = BEGINNING if seq == 1 else marks[seq - 1]
        if "content" in row:
            content = bytes.fromhex(row["content"])
        else:
            content = sha256("\n".join(("menwei-ledger/2", str(seq), row["at"], row["kind"], row["body"])).encode())
            bodies[seq] = json.loads(row["body"])
        last, hash_ = seq, sha256(hash_ + content)
        for source, noted in (("the checkpoint", marks), ("your anchor", anchors)):
            if seq in noted and noted[seq] != hash_:
                raise Wrong(f"rows up to {seq} differ from {source}: one since the checkpoint before it was changed")
    if last is not None and last not in marks:
        raise Wrong(f"the last stretch ends at row {last} without a checkpoint")
    return bodies


def check_details(text: list[str], bodies: dict[int, dict[str, Any]]) -> None:
    """Every passage's details and every remark are those of their row."""
    remarks = {body["remark"]: body["words"] for body in bodies.values() if "remark" in body}
    for line in text:
        told = json.loads(line)
        digest = sha256(bytes.fromhex(told["salt"]) + told["text"].encode()).hex()
        if "seq" in told and bodies.get(told["seq"], {}).get("details") != digest:
            raise Wrong(f"the details of row {told['seq']} are not those that were recorded")
        if "remark" in told and remarks.get(told["remark"]) != digest:
            raise Wrong(f"the remark {told['remark']} is not the one that was recorded")


def check_count(bodies: dict[int, dict[str, Any]]) -> str:
    """The export's own row says how many passages the search found: as many must be here."""
    said = [body["passages"] for body in bodies.values() if body.get("format") == "bundle" and "passages" in body]
    here = sum("verdict" in body for body in bodies.values())
    if said and said[-1] != here:
        raise Wrong(f"the record says that {said[-1]} passages were exported, and here are {here}")
    return f"{here} passages" + ("" if said else " (no row says how many were found)")


def check_pictures(export: zipfile.ZipFile, bodies: dict[int, dict[str, Any]]) -> int:
    """Every picture is the one of a row; how many there are."""
    known = {body.get(name) for body in bodies.values() for name in ("snapshot", "context")}
    names = [name for name in export.namelist() if name.startswith("pictures/")]
    for name in names:
        picture = name[len("pictures/") : -len(".jpg")]
        if picture not in known:
            raise Wrong(f"{name} belongs to no row of this export")
        if sha256(export.read(name)).hex() != picture.partition("-")[2]:
            raise Wrong(f"{name} is not the picture that was taken")
    return len(names)


def check(path: str, trusted: str | None, anchor_files: list[str]) -> str:
    """Check everything; a summary. Raises `Wrong`."""
    with zipfile.ZipFile(path) as export:
        key = bytes.fromhex(lines(export, "public_key.txt")[0])
        if trusted is not None and bytes.fromhex(trusted) != key:
            raise Wrong("the export names another public key than the one that you gave")
        check_manifest(export, key)
        marks = check_checkpoints(export.read("checkpoints.txt").decode(), key, "checkpoints.txt")
        anchors: dict[int, bytes] = {}
        for name in anchor_files:
            with open(name, encoding="utf-8", errors="replace") as file:  # noqa: PTH123 - as plain as can be
                anchors.update(check_checkpoints(file.read(), key, name))
        rows = lines(export, "rows.jsonl")
        bodies = check_rows(rows, marks, anchors)
        passages = check_count(bodies)
        check_details(lines(export, "details.jsonl"), bodies)
        pictures = check_pictures(export, bodies)
    fingerprint = sha256(key).hex()[:32]
    groups = " ".join(fingerprint[start : start + 4] for start in range(0, 32, 4))
    seqs = [json.loads(row)["seq"] for row in rows]
    apart = seqs[-1] - seqs[0] + 1 - len(seqs) if seqs else 0
    said = (
        f"{len(bodies)} rows, {len(rows) - len(bodies)} more as digests only, {apart} between them not here; {passages}"
    )
    said += f", {len(marks)} checkpoints, {pictures} pictures; fingerprint of the key {groups}"
    return said if trusted else f"{said}\nNo --key was given: compare the fingerprint with the one you noted."


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="Check a signed export of a gate's record.")
    parser.add_argument("export")
    parser.add_argument("--key", help="the public key in hex that you noted when the gate was set up")
    parser.add_argument("--anchors", action="append", default=[], help="a file of checkpoints noted earlier")
    options = parser.parse_args()
    try:
        said = check(options.export, options.key, options.anchors)
    except Wrong as wrong:
        print(f"DOES NOT HOLD: {wrong}")  # noqa: T201
        return 1
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as unreadable:
        print(f"DOES NOT HOLD: this is no whole export ({unreadable!r})")  # noqa: T201
        return 1
    print(f"HOLDS: {said}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
