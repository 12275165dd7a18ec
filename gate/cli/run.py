"""`gate run`: the gate at work, with its console."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from gate.cli.terminal import out
from gate.config import load_config
from gate.running import RunningGate
from gate.serving import serving
from gate.site import open_site
from gate.texts import t
from gate.threads import settle
from models.store import Store


def run(config: Annotated[Path, typer.Option(help=t("cli.option_config"))] = Path("gate.toml")) -> None:
    """Serve until SIGINT or SIGTERM."""
    settings = load_config(config)
    with open_site(settings, create=True) as site:
        gate = RunningGate(settings, site, Store(), source=config)
        if not site.accounts.list():
            out.print(t("cli.no_accounts"), style="bold yellow")
        ended = threading.Event()
        with ending(ended.set), serving(gate) as url:
            settle()
            out.print(t("cli.serving", url=url))
            ended.wait()


@contextmanager
def ending(act: Callable[[], object]) -> Iterator[None]:
    """Call `act` at every SIGINT or SIGTERM while inside."""

    def heard(_number: int, _frame: FrameType | None) -> None:
        act()

    before = {number: signal.signal(number, heard) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
