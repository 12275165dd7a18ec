"""A running gate together with its console, for as long as a `with` block lasts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from enrollment.finding import Finder
from gate.archive import Archive
from gate.console.app import create_app
from gate.console.desk import Intake, Office
from gate.console.serving import ConsoleServer
from gate.overview import Overview
from gate.privacy import handling_of
from gate.running import RunningGate


@contextmanager
def serving(gate: RunningGate) -> Iterator[str]:
    """Start the console and the gate, give the console's address, and stop both at the end, the console last.

    Raises:
        ConfigRefused: the console's port is taken; nothing was started then.
    """
    settings = gate.config.console
    overview, site = Overview(gate), gate.site
    archive = Archive(site.engine, site.signer, site.snapshots, overview.record)
    app = create_app(
        overview,
        site.accounts,
        settings,
        gate.config.compound.timezone,
        second_factor=site.second_factor,
        keyring=site.keyring,
        archive=archive,
        office=Office(site.register, Finder(site.engine)),
        handling=partial(handling_of, site, gate.config),
        intake=Intake(gate.registers, gate.register_keepers.wake),
    )
    with ConsoleServer(app, settings) as console:
        try:
            gate.start()
            yield console.url
        finally:
            gate.stop()
