"""Pictures of what was measured: how true accepts grow with false ones, and how the scores of pairs are spread."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources, util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gate.bench.verification import BINS, Spread
from gate.errors import GateError
from gate.texts import Language, system_language, t

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.font_manager import FontProperties

FONT = ("cvttf_NotoSansCJK_Bold", "NotoSansCJKtc-Bold.otf")
"""A package that holds a font with the Chinese signs; without it the pictures are labelled in English."""

PER_BAR = 200
"""Cells of the spread in one bar: 0.02."""

LOWEST_FAR = LOWEST_SHARE = 1e-6


def check_plots() -> None:
    """Raises `GateError` (`bench.no_matplotlib`) where nothing can be drawn."""
    if util.find_spec("matplotlib") is None:
        raise GateError("bench.no_matplotlib")


def draw_faces(spreads: Mapping[str, Spread], folder: Path) -> tuple[Path, ...]:
    """Write `roc.png` and `scores.png` for spreads by the name they are shown under; the folder is made.

    Raises:
        GateError: `bench.plots_unwritable`.
    """
    font, language = _font()
    files = []
    for name, draw in (("roc", _roc), ("scores", _scores)):
        figure, axes = _figure()
        draw(axes, spreads, language)
        _label(axes, *(t(f"bench.plot_{name}_{part}", language) for part in ("title", "x", "y")), font=font)
        files.append(_write(figure, folder / f"{name}.png"))
    return tuple(files)


def draw_calibration(spread: Spread, needed: float, recommended: float, file: Path) -> Path:
    """Write the scores of a compound's own faces with the thresholds; the folder is made.

    The shares are on a logarithmic scale, for what matters is the few strangers who score high.

    Raises:
        GateError: `bench.plots_unwritable`.
    """
    font, language = _font()
    figure, axes = _figure()
    edges = np.linspace(-1, 1, BINS // PER_BAR + 1)
    for kind, counts in (("different", spread.different), ("same", spread.same)):
        bars = _bars(counts)
        axes.stairs(bars, edges, fill=True, alpha=0.5, label=t(f"calibrate.plot_{kind}", language))
    lines = {"needed": needed} | ({"recommended": recommended} if recommended > needed else {})
    for (name, cosine), style in zip(lines.items(), ("-", "--"), strict=False):
        said = t(f"calibrate.plot_{name}", language, cosine=f"{cosine:.2f}")
        axes.axvline(cosine, color="black", linestyle=style, label=said)
    axes.set_ylim(LOWEST_SHARE, 1)
    axes.set_yscale("log")
    axes.set_xlim(-0.5, 1)
    codes = ("calibrate.plot_title", "bench.plot_scores_x", "bench.plot_scores_y")
    _label(axes, *(t(code, language) for code in codes), font=font)
    return _write(figure, file)


def _figure() -> tuple[Figure, Axes]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 5), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.add_subplot()


def _label(axes: Axes, title: str, across: str, up: str, *, font: FontProperties | None) -> None:
    given: dict[str, Any] = {} if font is None else {"fontproperties": font}
    axes.set_title(title, **given)
    axes.set_xlabel(across, **given)
    axes.set_ylabel(up, **given)
    axes.legend(prop=font)


def _write(figure: Figure, file: Path) -> Path:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file, dpi=120)
    except OSError as failed:
        raise GateError("bench.plots_unwritable", path=file, why=failed.strerror or str(failed)) from failed
    return file


def _bars(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of pairs in each bar."""
    whole = counts[: PER_BAR * (BINS // PER_BAR)].reshape(-1, PER_BAR).sum(axis=1)
    return np.asarray(whole / max(1, counts.sum()), np.float64)


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
            bars = _bars(counts)
            axes.stairs(bars, edges, fill=True, alpha=0.5, label=f"{name}: {t(f'bench.plot_{kind}', language)}")
    axes.set_xlim(-0.5, 1)


def _font() -> tuple[FontProperties | None, Language]:
    """A font for the language of the command line, and the language that can be written with it."""
    from matplotlib.font_manager import FontProperties

    package, name = FONT
    if system_language() == "en" or util.find_spec(package) is None:
        return None, "en"
    return FontProperties(fname=str(resources.files(package) / name)), "zh"
