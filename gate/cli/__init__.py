"""The command `gate`: one module per group of commands, imported when a command of it is called."""

from __future__ import annotations

import gc
import sys

from gate.cli.deferred import group
from gate.cli.logs import log_to_stderr
from gate.cli.terminal import fail
from models.errors import Fault

BENCH = {
    "accuracy": ("gate.cli.bench:accuracy", "bench.accuracy_help"),
    "ledger": ("gate.cli.bench:ledger", "bench.ledger_help"),
    "speed": ("gate.cli.bench:speed", "bench.speed_help"),
    "barrier": ("gate.cli.bench_barrier:barrier", "bench_barrier.help"),
    "gate": ("gate.cli.bench_gate:gate", "bench_gate.help"),
    "pages": ("gate.cli.bench_pages:pages", "bench_pages.help"),
    "peers": ("gate.cli.bench_peers:peers", "bench_peers.help"),
    "lanes": ("gate.cli.bench_lanes:lanes", "bench_lanes.help"),
    "intake": ("gate.cli.bench_intake:intake", "bench_intake.help"),
    "rules": ("gate.cli.bench_rules:rules", "bench_rules.help"),
    "liveness": ("gate.cli.bench_liveness:liveness", "bench_liveness.help"),
    "search": ("gate.cli.bench_search:search", "bench_search.help"),
}
COMMANDS = {
    "run": ("gate.cli.run:run", "cli.run_help"),
    "check": ("gate.cli.check:check", "cli.check_help"),
    "calibrate": ("gate.cli.calibrate:command", "calibrate.help"),
    "demo": ("gate.cli.demo:demo", "cli.demo_help"),
    "openapi": ("gate.cli.api_key:openapi", "api_key.openapi_help"),
    "restore": ("gate.cli.backup:restore", "backup.restore_help"),
    "report": ("gate.cli.report:report", "report.help"),
    "retention": ("gate.cli.retention:retention", "retention.help"),
    "barrier": ("gate.cli.barrier:app", "commission.help"),
    "enroll": ("gate.cli.enroll:app", "enroll.help"),
    "pad": ("gate.cli.pads:app", "pad.cli_help"),
    "reader": ("gate.cli.readers:app", "reader_cli.help"),
    "resident": ("gate.cli.residents:app", "residents.cli_help"),
    "account": ("gate.cli.account:app", "account.help"),
    "api-key": ("gate.cli.api_key:app", "api_key.help"),
    "models": ("gate.cli.models:app", "models.help"),
    "plates": ("gate.cli.plates:app", "plates.help"),
    "privacy": ("gate.cli.privacy:app", "privacy.help"),
    "rules": ("gate.cli.rules:app", "rules.help"),
    "parking": ("gate.cli.parking:app", "parking.help"),
    "patrol": ("gate.cli.patrol:app", "patrol.help"),
    "pass": ("gate.cli.passes:app", "pass.help"),
    "ledger": ("gate.cli.ledger:app", "ledger.help"),
    "community": ("gate.cli.community:app", "community.help"),
    "backup": ("gate.cli.backup:app", "backup.help"),
}

app = group("cli.help", COMMANDS)
app.add_typer(group("bench.help", BENCH), name="bench")


def main() -> None:
    """Run the command line; a `Fault` becomes its sentence on stderr and exit code 1."""
    gc.disable()  # until the command's modules are there: a quarter of the time to start would go into it
    log_to_stderr()
    try:
        app()
    except Fault as fault:
        fail(fault)
        sys.exit(1)
