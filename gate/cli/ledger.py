"""`gate ledger`: proving the record, and noting where it stands."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from enrollment.database import writing
from gate.cli.terminal import err, out
from gate.config import Config, load_config
from gate.errors import GateError
from gate.ledger.anchors import FILE, Folder, anchors_of, read_anchors
from gate.ledger.checkpoint import Checkpoint, fingerprint
from gate.ledger.ledger import Chain
from gate.ledger.verify import last_checkpoint
from gate.ledger.verify import verify as prove
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("ledger.help"), no_args_is_help=True)
ConfigPath = Annotated[Path, typer.Option("--config", help=t("cli.option_config"))]


@app.command(help=t("ledger.verify_help"))
def verify(
    config: ConfigPath = Path("gate.toml"),
    pictures: Annotated[bool, typer.Option("--pictures", help=t("ledger.option_pictures"))] = False,
    anchor: Annotated[list[str] | None, typer.Option(help=t("ledger.option_anchor"))] = None,
    key: Annotated[str | None, typer.Option(help=t("ledger.option_key"))] = None,
) -> None:
    """Walk the record; exit code 1 when a row does not hold."""
    settings = load_config(config)
    anchors = _anchors(settings, anchor or [])
    with open_site(settings) as site:
        trusted = _public_key(key) if key else site.signer.public
        began = time.monotonic()
        proof = prove(site.engine, site.snapshots if pictures else None, key=trusted, anchors=anchors)
    rate = round(proof.rows / max(time.monotonic() - began, 1e-6))
    if proof.first_broken:
        why = t(f"ledger.{proof.first_broken.why}")
        err.print(t("ledger.broken", seq=proof.first_broken.seq, why=why, rows=proof.rows), style="bold red")
        raise typer.Exit(1)
    out.print(t("ledger.proven", rows=proof.rows, passages=proof.passages, rate=rate))
    out.print(t("ledger.signed", signed=proof.signed, anchors=proof.anchors, fingerprint=fingerprint(trusted)))
    if not proof.anchors:
        out.print(t("ledger.no_anchors"), style="yellow", markup=False)
    if pictures:
        out.print(t("ledger.pictures", snapshots=proof.snapshots, over=proof.snapshots_over))


@app.command(help=t("ledger.anchor_help"))
def anchor(
    config: ConfigPath = Path("gate.toml"),
    to: Annotated[Path | None, typer.Option(file_okay=False, help=t("ledger.option_to"))] = None,
) -> None:
    """Print one line on stdout."""
    with open_site(load_config(config)) as site, writing(site.engine) as session:
        made = Chain(session).sign(site.signer, datetime.now(UTC)) or last_checkpoint(session)
    if made is None:
        return
    typer.echo(str(made))
    if to:
        Folder(to).note(made)


def _anchors(settings: Config, named: list[str]) -> tuple[Checkpoint, ...]:
    """The checkpoints that were given, as lines or in files, and those in the configured folders that are there."""
    configured = [folder / FILE for folder in settings.ledger.anchor_folders]
    found: list[Checkpoint] = []
    try:
        for text in named:
            noted = anchors_of(text) or read_anchors([Path(text)])
            if not noted:
                raise GateError("ledger.anchor_none", path=text)
            found += noted
        return (*found, *read_anchors(file for file in configured if file.exists()))
    except OSError as failed:
        raise GateError("ledger.anchor_unreadable", path=failed.filename, why=failed.strerror) from failed


def _public_key(text: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise typer.BadParameter(t("ledger.bad_key"))
    return key
