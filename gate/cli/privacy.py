"""`gate privacy`: the notice for the gate and the impact assessment, filled in from the configuration in force."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from enrollment.database import writing
from gate.cli.account import DEFAULT_CONFIG, ConfigPath, local_actor
from gate.cli.terminal import out
from gate.config import load_config
from gate.console.pages import privacy_file
from gate.errors import GateError
from gate.ledger.ledger import append
from gate.privacy import handling_of
from gate.site import open_site
from gate.texts import system_language, t

app = typer.Typer(help=t("privacy.help"), no_args_is_help=True)

To = Annotated[Path | None, typer.Option(dir_okay=False, help=t("privacy.option_to"))]


@app.command(help=t("privacy.notice_help"))
def notice(to: To = None, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Nothing in it is about anybody."""
    loaded = load_config(config)
    with open_site(loaded, create=True) as site:
        handling = handling_of(site, loaded)
    _write(to or Path("menwei-notice.html"), privacy_file(system_language(), "notice", handling=handling))


@app.command(help=t("privacy.assessment_help"))
def assessment(to: To = None, config: ConfigPath = DEFAULT_CONFIG) -> None:
    """The record keeps which file it was: an assessment has to be shown three years later."""
    loaded = load_config(config)
    with open_site(loaded) as site:
        handling = handling_of(site, loaded)
        html = privacy_file(system_language(), "assessment", handling=handling)
        path = to or Path(f"menwei-assessment-{handling.day}.html")
        _write(path, html)
        facts = {"actor": local_actor(), "sha256": hashlib.sha256(html.encode()).hexdigest()}
        with writing(site.engine) as session:
            append(session, datetime.now(UTC), "assessment.made", facts)


def _write(path: Path, html: str) -> None:
    try:
        path.write_text(html, "utf-8")
    except OSError as failed:
        raise GateError("privacy.unwritable", path=path, why=failed.strerror) from failed
    out.print(t("privacy.written", path=path), markup=False)
