"""Commands whose modules are imported when they are called, so that no command waits for what others need."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from gate.texts import t


class Deferred(TyperCommand):
    """A command in a list: its name and its sentence, and `module:attribute` where the command or its group stands."""

    def __init__(self, name: str, target: str, help_code: str) -> None:
        super().__init__(name, help=t(help_code))
        self.target = target

    def loaded(self) -> Any:
        """The command itself."""
        module, _, attribute = self.target.partition(":")
        found = getattr(_imported(module), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_group(found)
        alone = typer.Typer(add_completion=False)
        alone.command(self.name, help=self.help)(found)
        return typer.main.get_command(alone)

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        """The context of the command itself: what is parsed, run, helped with and completed is that command."""
        return self.loaded().make_context(info_name, args, parent, **extra)


def _imported(name: str) -> ModuleType:
    """The module; Python looks for garbage again from here on, where that was put off until now."""
    module = import_module(name)
    if not gc.isenabled():
        # All that was imported stays. Without this the first search would go through the whole of it.
        gc.freeze()
        gc.enable()
    return module


def group(help_code: str, commands: Mapping[str, tuple[str, str]]) -> typer.Typer:
    """A group of deferred commands: name -> where it stands and the code of its help."""

    class Group(TyperGroup):
        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            listed = {name: Deferred(name, *of) for name, of in commands.items()}
            self.commands = {**listed, **self.commands}

    return typer.Typer(
        cls=Group, help=t(help_code), no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False
    )
