"""`gate backup` and `gate restore`: the whole site in one sealed file, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from gate.backup import backup_key, backups_in, make_backup, rotate
from gate.backup import restore as restore_from
from gate.cli.account import local_actor
from gate.cli.terminal import out
from gate.config import load_config
from gate.errors import ConfigRefused
from gate.site import open_site
from gate.texts import t

app = typer.Typer(help=t("backup.help"), no_args_is_help=True)
ConfigPath = Annotated[Path, typer.Option("--config", help=t("cli.option_config"))]
KeyFile = Annotated[Path | None, typer.Option(exists=True, dir_okay=False, help=t("backup.option_key_file"))]
DEFAULT_CONFIG = Path("gate.toml")


@app.command(help=t("backup.make_help"))
def make(
    to: Annotated[Path | None, typer.Option(file_okay=False, help=t("backup.option_to"))] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Make a backup now, and rotate the old ones in the configured folder."""
    settings = load_config(config)
    folder = to or settings.backup.folder
    if folder is None:
        raise ConfigRefused("backup.no_folder")
    first = not (settings.storage.folder / "keys" / "backup.key").exists()
    with open_site(settings) as site:
        path, about = make_backup(site, settings, folder, local_actor())
    gone = 0 if to else rotate(settings, folder)
    out.print(t("backup.made", path=path, rows=about.rows, gone=gone), markup=False)
    if first:
        out.print(t("backup.keep_the_key"), style="bold yellow", markup=False)


@app.command("list", help=t("backup.list_help"))
def list_(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """The backups in the configured folder, newest first; times are the compound's."""
    settings = load_config(config)
    if settings.backup.folder is None:
        raise ConfigRefused("backup.no_folder")
    zone = ZoneInfo(settings.compound.timezone)
    for moment, path in sorted(backups_in(settings.backup.folder).items(), reverse=True):
        size = path.stat().st_size / 2**20
        out.print(f"{moment.astimezone(zone):%Y-%m-%d %H:%M}  {size:8.1f} MiB  {path}", markup=False)


@app.command(help=t("backup.key_help"))
def key(config: ConfigPath = DEFAULT_CONFIG) -> None:
    """Print the backup key in groups, to be kept somewhere else."""
    digits = backup_key(load_config(config), create=True).hex()
    typer.echo(" ".join(digits[start : start + 8] for start in range(0, len(digits), 8)))


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=t("backup.argument_file"))],
    key_file: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help=t("backup.option_key_file"))
    ] = None,
    config: ConfigPath = DEFAULT_CONFIG,
) -> None:
    """Restore into `storage.folder`, which must hold no site."""
    settings = load_config(config)
    typed = key_file.read_bytes() if key_file else typer.prompt(t("backup.ask_key"), hide_input=True)
    about = restore_from(file, _key(typed), settings, local_actor())
    taken = f"{about.taken_at[:16]} UTC"
    out.print(t("backup.restored", rows=about.rows, taken=taken, path=settings.storage.folder), markup=False)


def _key(given: bytes | str) -> bytes:
    """A key as the file has it, or as it was written down."""
    if isinstance(given, bytes) and len(given) == 32:
        return given
    text = given.decode(errors="replace") if isinstance(given, bytes) else given
    try:
        key = bytes.fromhex("".join(text.split()))
    except ValueError:
        key = b""
    if len(key) != 32:
        raise typer.BadParameter(t("backup.bad_key"))
    return key
