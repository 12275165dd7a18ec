"""`gate models`: which models there are, bringing them here and proving them whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TransferSpeedColumn
from rich.table import Table

from gate.cli.terminal import err, out
from gate.texts import t
from models.cast import ROLES
from models.catalog import BASE, Commercial, Condition, Model, catalog
from models.errors import LicenceNotAccepted
from models.store import ModelProgress, State, Store

app = typer.Typer(help=t("models.help"), no_args_is_help=True)

_COLOURS = {
    State.SHIPPED: "green",
    State.HERE: "green",
    State.MIRROR: "cyan",
    State.MISSING: "dim",
    State.CORRUPT: "bold red",
}


@app.command(name="list", help=t("models.list_help"))
def list_models() -> None:
    """Print one row per model, and what limits the use of which."""
    store = Store()
    table = Table()
    for column in ("name", "role", "pack", "licence", "commercial", "size", "state"):
        table.add_column(t(f"models.column_{column}"), no_wrap=column in {"name", "size", "state"}, overflow="fold")
    for model in catalog().models:
        state = store.state(model)
        table.add_row(
            model.name,
            t(f"models.role.{model.role}"),
            " ".join(model.packs),
            model.licence,
            t(f"models.commercial.{model.commercial}"),
            _size(model.content.bytes),
            f"[{_COLOURS[state]}]{t(f'models.state.{state}')}",
        )
    out.print(table)
    for condition in Condition:
        if names := ", ".join(model.name for model in catalog().models if model.condition is condition):
            out.print(t("models.condition_note", condition=t(f"models.condition.{condition}"), names=names))
    out.print(t("models.store_is", store=store.folder), style="dim")


@app.command(help=t("models.pull_help"))
def pull(
    packs: Annotated[list[str] | None, typer.Argument(metavar="[PACK]...", help=t("models.argument_pack"))] = None,
    accept_licence: Annotated[bool, typer.Option("--accept-licence", help=t("models.option_accept"))] = False,
) -> None:
    """Bring every file of the packs into the store, one bar per file."""
    store = Store()
    named = {pack: catalog().pack(pack) for pack in packs or [BASE]}
    for pack, models in named.items():
        _note_conditions(models)
        try:
            with _bars() as progress:
                store.pull(models, progress, accepted=accept_licence)
        except LicenceNotAccepted as refused:
            raise LicenceNotAccepted(refused.code, **(refused.facts | {"pack": pack})) from refused
        out.print(t("models.pulled", pack=pack, files=len(models)), style="green")
        if any(model in catalog().players(role) for model in models for role in ROLES):
            out.print(t("models.to_use", pack=pack), markup=False)
    out.print(t("models.store_is", store=store.folder), style="dim")


@app.command(help=t("models.verify_help"))
def verify() -> None:
    """Hash every file of the catalogue that comes with the program or that the store holds."""
    store = Store()
    held = [model for model in catalog().models if model.shipped or store.path(model).exists()]
    wrong = [model for model in held if store.state(model) not in {State.SHIPPED, State.HERE}]
    for model in wrong:
        code = "models.shipped_broken" if model.shipped else "models.wrong_file"
        err.print(t(code, path=store.path(model), pack=model.packs[0]), style="bold red", markup=False)
    if wrong:
        raise typer.Exit(1)
    out.print(t("models.verified", files=len(held)))


def _note_conditions(models: tuple[Model, ...]) -> None:
    """Say what limits the use of a pack before it is brought here."""
    for model in models:
        if model.commercial is not Commercial.YES:
            condition = t(f"models.condition.{model.condition}")
            out.print(
                t("models.pack_note", name=model.name, licence=model.licence, condition=condition), style="yellow"
            )


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 100_000 else f"{count / 1e3:.0f} kB"


@contextmanager
def _bars() -> Iterator[ModelProgress]:
    """A bar for every file that is on its way; without a terminal nothing moves."""
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=out) as bars:
        tasks: dict[str, TaskID] = {}

        def show(model: Model, have: int, whole: int) -> None:
            if model.name not in tasks:
                tasks[model.name] = bars.add_task(model.name, total=whole)
            bars.update(tasks[model.name], completed=have)

        yield show
