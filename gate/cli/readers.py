"""`gate reader`: what a reader reads, for who installs it, and a simulated one to try with."""

from __future__ import annotations

import queue
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from enrollment.card_number import meant_by, plain_number
from gate.cli.account import DEFAULT_CONFIG, ConfigPath
from gate.cli.terminal import out
from gate.config import load_config
from gate.errors import ReaderFault
from gate.reader.format import WIEGAND, wiegand
from gate.reader.opening import lines_of, open_line, read_key
from gate.reader.osdp.simulated import SimulatedReader, Trouble
from gate.reader.reader import CardBits, CardText, Condition, KeysPressed
from gate.reader.settings import ReaderPart
from gate.reader.simulated_line import OsdpEnd, SimulatedLine, WiegandEnd
from gate.reader.worker import LineWorker
from gate.texts import explain, t

app = typer.Typer(help=t("reader_cli.help"), no_args_is_help=True)
Read = CardBits | CardText | KeysPressed
DIGITS_SHOWN = 2


@app.command("test", help=t("reader_cli.test_help"))
def watch(
    reader: Annotated[str, typer.Argument(metavar="ID", help=t("reader_cli.argument_id"))],
    seconds: Annotated[float, typer.Option(min=1, max=3600, help=t("reader_cli.option_seconds"))] = 60.0,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Print what a reader tells. Exit code 1 where it told nothing."""
    parts = load_config(config).reader
    part = next((one for one in parts if one.id == reader), None)
    if part is None:
        raise ReaderFault("reader.none_such", reader=reader, known=", ".join(one.id for one in parts) or "—")
    together = next(line for line in lines_of(parts) if part in line)
    told: queue.Queue[Read | Condition] = queue.Queue()
    worker = LineWorker([one.id for one in together], lambda: open_line(together), on_read=told.put, on_change=told.put)
    out.print(t("reader_cli.watching", reader=reader, seconds=seconds))
    worker.start()
    ends_s = time.monotonic() + seconds
    try:
        while (left_s := ends_s - time.monotonic()) > 0:
            try:
                event = told.get(timeout=left_s)
            except queue.Empty:
                break
            if event.reader == reader:
                out.print(said(part, event), markup=False)
    finally:
        worker.stop()
    health = worker.health(reader)
    for why, count in health.misreads:
        out.print(f"{t(f'reader_misread.{why}')}: {count}", markup=False)
    out.print(t("reader_cli.summary", reads=health.reads))
    if not health.reads:
        raise typer.Exit(1)


def said(part: ReaderPart, event: Read | Condition) -> str:
    """One line about an event. Of a number no more than its last two signs, of keys only how many there were."""
    if isinstance(event, Condition):
        why = explain(ReaderFault(event.fault, **dict(event.facts))) if event.fault else event.model
        if event.tampered:
            why = " ".join(filter(None, (why, t("pad.reader_tampered"))))
        return t("reader_cli.condition", state=t(f"reader_state.{event.state}"), why=why)
    if isinstance(event, KeysPressed):
        return t("reader_cli.keys", count=len(event.keys))
    if isinstance(event, CardText):
        return t("reader_cli.card_text", count=len(event.text), ending=event.text[-DIGITS_SHOWN:])
    form = part.read_by().get(event.bits)
    number = form.read(event, reversed_bytes=part.reversed_bytes) if form else None
    if number is None:
        return t("reader_cli.misread", why=t(f"reader_misread.{'parity' if form else 'length'}"), bits=event.bits)
    return t("reader_cli.card", bits=event.bits, ending=f"{number.value:010}"[-DIGITS_SHOWN:])


@app.command(help=t("reader_cli.simulate_help"))
def simulate(
    kind: Annotated[Literal["osdp", "wiegand"], typer.Option(help=t("reader_cli.option_kind"))] = "osdp",
    listen: Annotated[str, typer.Option(help=t("reader_cli.option_listen"))] = "127.0.0.1:9601",
    address: Annotated[int, typer.Option(min=0, max=126, help=t("reader_cli.option_address"))] = 0,
    key_file: Annotated[Path | None, typer.Option(help=t("reader_cli.option_key"))] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help=t("reader_cli.option_fresh"))] = False,
) -> None:
    """Play a reader until `quit` or the end of the input."""
    host, _, port = listen.rpartition(":")
    if not (host and port.isdecimal()):
        raise ReaderFault("reader_cli.bad_listen", listen=listen)
    played: SimulatedReader | WiegandEnd
    if kind == "osdp":
        played = SimulatedReader(address, read_key(key_file) if key_file else None, fresh=fresh)
    else:
        played = WiegandEnd()
    with _served(played, host, int(port)) as line:
        out.print(t("reader_cli.play", url=f"{kind}+tcp://{host}:{line.port}"), markup=False, soft_wrap=True)
        shown = 0
        for typed in sys.stdin:
            words = typed.split()
            if words[:1] == ["quit"]:
                return
            if words and not carry_out(played, words):
                out.print(t("reader_cli.not_understood", line=typed.strip()), markup=False)
            time.sleep(0.5)  # the gate's answer takes a moment, and a person reads it before typing on
            for feedback in played.shown[shown:]:
                out.print(t("reader_cli.showed", feedback=t(f"reader_feedback.{feedback}")))
            shown = len(played.shown)


@contextmanager
def _served(played: SimulatedReader | WiegandEnd, host: str, port: int) -> Iterator[SimulatedLine]:
    end = played if isinstance(played, WiegandEnd) else OsdpEnd([played])
    try:
        line = SimulatedLine(end, host, port)
    except OSError as taken:
        why = taken.strerror or type(taken).__name__
        raise ReaderFault("reader.unreachable", address=f"{host}:{port}", why=why) from taken
    with line:
        yield line


def carry_out(played: SimulatedReader | WiegandEnd, words: list[str]) -> bool:
    """Do to a simulated reader what was typed; False for what makes no sense."""
    match words:
        case ["card", bits, typed] if bits.isdecimal() and int(bits) in WIEGAND:
            card = meant_by(plain_number(typed) or "")
            if card is None:
                return False
            played.present(wiegand(card, int(bits)), int(bits))
        case ["keys", keys] if set(keys) <= set("0123456789*#"):
            played.press(keys)
        case ["tamper", "on" | "off" as state]:
            played.tamper(opened=state == "on")
        case ["trouble", "none"] if isinstance(played, SimulatedReader):
            played.trouble = None
        case ["trouble", kind] if isinstance(played, SimulatedReader) and kind in list(Trouble):
            played.trouble = Trouble(kind)
        case ["cut"] if isinstance(played, SimulatedReader):
            played.cut()
        case _:
            return False
    return True
