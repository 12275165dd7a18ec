"""`gate retention`: how long each class of personal data is kept, and what there is of it."""

from __future__ import annotations

from datetime import UTC, datetime

import typer
from rich.table import Table

from gate.cli.account import DEFAULT_CONFIG, ConfigPath
from gate.cli.terminal import out
from gate.clocks import Clock, clocks
from gate.config import load_config
from gate.site import open_site
from gate.texts import t


def retention(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Exit code 1 when anything is past its time."""
    loaded = load_config(config)
    with open_site(loaded) as site:
        found = clocks(site, loaded.storage.snapshot_days, datetime.now(UTC).date())
    table = Table(
        *(t(f"retention.column_{name}") for name in ("class", "kept_for", "kept", "oldest", "state")), box=None
    )
    for clock in found:
        table.add_row(*_cells(clock))
    out.print(table)
    if any(clock.overdue for clock in found):
        raise typer.Exit(1)


def _cells(clock: Clock) -> tuple[str, ...]:
    if clock.days is None:
        kept_for = t("retention.for_good" if clock.name == "chain" else "retention.by_consent")
    else:
        kept_for = t("retention.days", days=clock.days) if clock.days else t("retention.never")
    state = t("retention.overdue", count=clock.overdue) if clock.overdue else t("retention.in_time")
    return t(f"retention.class_{clock.name}"), kept_for, str(clock.kept), str(clock.oldest or "-"), state
