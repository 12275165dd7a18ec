"""`gate ledger`: proving the record."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from gate.cli.terminal import err, out
from gate.config import load_config
from gate.ledger.verify import verify as prove
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("ledger.help"), no_args_is_help=True)


@app.callback()
def ledger() -> None:
    """Keep `verify` a command of its own, since more commands will stand beside it."""


@app.command(help=t("ledger.verify_help"))
def verify(
    config: Annotated[Path, typer.Option(help=t("cli.option_config"))] = Path("gate.toml"),
    pictures: Annotated[bool, typer.Option("--pictures", help=t("ledger.option_pictures"))] = False,
) -> None:
    """Walk the chain; exit code 1 when a row does not hold."""
    with open_site(load_config(config)) as site:
        began = time.monotonic()
        proof = prove(site.engine, site.snapshots if pictures else None)
    if proof.first_broken:
        why = t(f"ledger.{proof.first_broken.why}")
        err.print(t("ledger.broken", seq=proof.first_broken.seq, why=why, rows=proof.rows), style="bold red")
        raise typer.Exit(1)
    rate = round(proof.rows / max(time.monotonic() - began, 1e-6))
    out.print(t("ledger.proven", rows=proof.rows, passages=proof.passages, rate=rate))
    out.print(t("ledger.head", rows=proof.rows, head=proof.head.hex()))
    if pictures:
        out.print(t("ledger.pictures", snapshots=proof.snapshots, over=proof.snapshots_over))
