"""The command `gate`: one module per group of commands."""

from __future__ import annotations

import sys

import typer

from gate.cli.account import app as account_commands
from gate.cli.api_key import app as api_key_commands
from gate.cli.api_key import openapi
from gate.cli.backup import app as backup_commands
from gate.cli.backup import restore
from gate.cli.barrier import app as barrier_commands
from gate.cli.bench import app as bench_commands
from gate.cli.bench_barrier import barrier as bench_barrier
from gate.cli.bench_gate import gate as bench_gate
from gate.cli.bench_intake import intake as bench_intake
from gate.cli.bench_lanes import lanes as bench_lanes
from gate.cli.bench_liveness import liveness as bench_liveness
from gate.cli.bench_pages import pages as bench_pages
from gate.cli.bench_peers import peers as bench_peers
from gate.cli.bench_rules import rules as bench_rules
from gate.cli.bench_search import search as bench_search
from gate.cli.calibrate import command as calibrate
from gate.cli.check import check
from gate.cli.community import app as community_commands
from gate.cli.demo import demo
from gate.cli.enroll import app as enroll_commands
from gate.cli.ledger import app as ledger_commands
from gate.cli.logs import log_to_stderr
from gate.cli.models import app as models_commands
from gate.cli.pads import app as pad_commands
from gate.cli.parking import app as parking_commands
from gate.cli.passes import app as pass_commands
from gate.cli.plates import app as plates_commands
from gate.cli.privacy import app as privacy_commands
from gate.cli.report import report
from gate.cli.residents import app as resident_commands
from gate.cli.retention import retention
from gate.cli.rules import app as rules_commands
from gate.cli.run import run
from gate.cli.terminal import fail
from gate.texts import t
from models.errors import Fault

app = typer.Typer(help=t("cli.help"), no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.command(help=t("cli.run_help"))(run)
app.command(help=t("cli.check_help"))(check)
app.command("calibrate", help=t("calibrate.help"))(calibrate)
app.command(help=t("cli.demo_help"))(demo)
app.add_typer(barrier_commands, name="barrier")
app.add_typer(enroll_commands, name="enroll")
app.add_typer(pad_commands, name="pad")
app.add_typer(resident_commands, name="resident")
app.add_typer(account_commands, name="account")
app.add_typer(api_key_commands, name="api-key")
app.command("openapi", help=t("api_key.openapi_help"))(openapi)
app.add_typer(models_commands, name="models")
app.add_typer(plates_commands, name="plates")
app.add_typer(privacy_commands, name="privacy")
app.add_typer(rules_commands, name="rules")
app.add_typer(pass_commands, name="pass")
app.add_typer(parking_commands, name="parking")
app.add_typer(ledger_commands, name="ledger")
bench_commands.command("barrier", help=t("bench_barrier.help"))(bench_barrier)
bench_commands.command("gate", help=t("bench_gate.help"))(bench_gate)
bench_commands.command("pages", help=t("bench_pages.help"))(bench_pages)
bench_commands.command("peers", help=t("bench_peers.help"))(bench_peers)
bench_commands.command("lanes", help=t("bench_lanes.help"))(bench_lanes)
bench_commands.command("intake", help=t("bench_intake.help"))(bench_intake)
bench_commands.command("rules", help=t("bench_rules.help"))(bench_rules)
bench_commands.command("liveness", help=t("bench_liveness.help"))(bench_liveness)
bench_commands.command("search", help=t("bench_search.help"))(bench_search)
app.add_typer(bench_commands, name="bench")
app.add_typer(community_commands, name="community")
app.add_typer(backup_commands, name="backup")
app.command(help=t("backup.restore_help"))(restore)
app.command(help=t("report.help"))(report)
app.command(help=t("retention.help"))(retention)


def main() -> None:
    """Run the command line; a `Fault` becomes its sentence on stderr and exit code 1."""
    log_to_stderr()
    try:
        app()
    except Fault as fault:
        fail(fault)
        sys.exit(1)
