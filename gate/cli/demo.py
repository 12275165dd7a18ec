"""`gate demo`: the sample compound, played through exactly what `gate run` uses."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Annotated

import typer

from gate.cli.run import ending
from gate.cli.terminal import out
from gate.texts import t
from models.catalog import catalog


def demo(
    folder: Annotated[Path, typer.Option(help=t("demo.option_folder"))] = Path("var/demo"),
    port: Annotated[int, typer.Option(help=t("demo.option_port"))] = 8600,
    seed: Annotated[int, typer.Option(help=t("demo.option_seed"))] = 1,
    pack: Annotated[str | None, typer.Option(help=t("demo.option_pack"))] = None,
) -> None:
    """With a terminal the console goes on after the films. Exit code 0 only if all went as expected."""
    from samples.demo import Demo

    if pack is not None:
        catalog().pack(pack)  # a name that is none is said with the nearest one
    ended = threading.Event()
    with Demo(folder, port, seed, pack, lambda line: out.print(line, markup=False)) as sample, ending(ended.set):
        as_expected = sample.play(ended)
        if sys.stdin.isatty() and sys.stdout.isatty() and not ended.is_set():
            out.print(t("demo.goes_on", url=sample.url), style="bold")
            ended.wait()
    if not as_expected:
        raise typer.Exit(1)
