"""Pictures of what was measured: how true accepts grow with false ones, and how the scores of pairs are spread."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from gate.bench.verification import BINS, Spread
from gate.errors import GateError
from gate.texts import Language, system_language, t

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.font_manager import FontProperties

FONT = ("cvttf_NotoSansCJK_Bold", "NotoSansCJKtc-Bold.otf")
"""A package that holds a font with the Chinese signs; without it the pictures are labelled in English."""

PER_BAR = 200
"""Cells of the spread in one bar: 0.02."""

LOWEST_FAR = 1e-6


def check_plots() -> None:
    """Raises `GateError` (`bench.no_matplotlib`) where nothing can be drawn."""
    if util.find_spec("matplotlib") is None:
        raise GateError("bench.no_matplotlib")


def draw_faces(spreads: Mapping[str, Spread], folder: Path) -> tuple[Path, ...]:
    """Write `roc.png` and `scores.png` for spreads by the name they are shown under; the folder is made.

    Raises:
        GateError: `bench.plots_unwritable`.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    font, language = _font()
    files = []
    for name, draw in (("roc", _roc), ("scores", _scores)):
        figure = Figure(figsize=(7, 5), layout="constrained")
        FigureCanvasAgg(figure)
        axes = figure.add_subplot()
        draw(axes, spreads, language)
        _label(axes, name, language, font)
        file = folder / f"{name}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            figure.savefig(file, dpi=120)
        except OSError as failed:
            raise GateError("bench.plots_unwritable", path=file, why=failed.strerror or str(failed)) from failed
        files.append(file)
    return tuple(files)


def _roc(axes: Axes, spreads: Mapping[str, Spread], _language: Language) -> None:
    for name, spread in spreads.items():
        true, false = spread.passing
        axes.plot(false[false > 0], true[false > 0], label=name)
    axes.set_xscale("log")
    axes.set_xlim(LOWEST_FAR, 1)
    axes.grid(which="major", alpha=0.3)


def _scores(axes: Axes, spreads: Mapping[str, Spread], language: Language) -> None:
    edges = np.linspace(-1, 1, BINS // PER_BAR + 1)
    for name, spread in spreads.items():
        for kind, counts in (("same", spread.same), ("different", spread.different)):
            bars = counts[: PER_BAR * (len(edges) - 1)].reshape(-1, PER_BAR).sum(axis=1) / max(1, counts.sum())
            axes.stairs(bars, edges, fill=True, alpha=0.5, label=f"{name}: {t(f'bench.plot_{kind}', language)}")
    axes.set_xlim(-0.5, 1)


def _label(axes: Axes, name: str, language: Language, font: FontProperties | None) -> None:
    given: dict[str, Any] = {} if font is None else {"fontproperties": font}
    axes.set_title(t(f"bench.plot_{name}_title", language), **given)
    axes.set_xlabel(t(f"bench.plot_{name}_x", language), **given)
    axes.set_ylabel(t(f"bench.plot_{name}_y", language), **given)
    axes.legend(prop=font)


def _font() -> tuple[FontProperties | None, Language]:
    """A font for the language of the command line, and the language that can be written with it."""
    from matplotlib.font_manager import FontProperties

    package, name = FONT
    if system_language() == "en" or util.find_spec(package) is None:
        return None, "en"
    return FontProperties(fname=str(resources.files(package) / name)), "zh"
