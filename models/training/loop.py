"""One training run: seeded, checkpointed, gone on with after a cut, its curve in a table."""

from __future__ import annotations

import csv
import json
import math
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import nn

Batch = TypeVar("Batch")


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how fast: AdamW, a linear warm-up, then a cosine down to a hundredth of `rate`.

    `average` is the share of the old weights that the running mean keeps at each step; the mean is what is measured
    and exported. Every `judge_every` steps the mean is measured, every `save_every` the run is saved.
    """

    steps: int
    rate: float
    decay: float = 0.01
    warm_up: int = 500
    average: float = 0.999
    judge_every: int = 2000
    save_every: int = 500
    seed: int = 1
    bfloat16: bool = True

    def rate_at(self, step: int) -> float:
        """The learning rate of a step."""
        if step < self.warm_up:
            return self.rate * (step + 1) / self.warm_up
        done = min(1.0, (step - self.warm_up) / max(1, self.steps - self.warm_up))
        return self.rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


@dataclass(frozen=True, slots=True)
class Recipe(Generic[Batch]):
    """What a run needs: the batch of a step (by its number alone, so that a resumed run sees the same ones), the loss
    (a scalar and named parts of it) and the measure taken on what is held out."""

    batch: Callable[[int], Batch]
    loss: Callable[[nn.Module, Batch], tuple[torch.Tensor, Mapping[str, float]]]
    judge: Callable[[nn.Module], Mapping[str, float]]


def train(network: nn.Module, recipe: Recipe[Batch], plan: Plan, folder: Path) -> nn.Module:
    """Run or go on with a plan in `folder`; returns the mean network. `curve.csv` there has a row for each measure."""
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(plan.seed)
    network = network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(_groups(network, plan.decay), lr=plan.rate)
    mean = deepcopy(network).eval()
    start = _resume(folder, network, mean, optimiser)
    began = time.monotonic()
    running: dict[str, float] = {}
    for step, batch in _ahead(recipe.batch, start, plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate_at(step)
        network.train()
        with torch.autocast("cpu", torch.bfloat16, enabled=plan.bfloat16):
            loss, parts = recipe.loss(network, batch)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        _average(mean, network, min(plan.average, (step + 1) / (step + 10)))
        for name, value in {"loss": float(loss.detach()), **parts}.items():
            running[name] = 0.98 * running.get(name, value) + 0.02 * value
        done = step + 1
        if done % plan.judge_every == 0 or done == plan.steps:
            pace = (done - start) / (time.monotonic() - began)
            _note(folder, {"step": done, "steps_per_s": round(pace, 3), **running, **recipe.judge(mean)})
        if done % plan.save_every == 0 or done == plan.steps:
            _save(folder, done, network, mean, optimiser)
    return mean


def _groups(network: nn.Module, decay: float) -> list[dict[str, object]]:
    """Weights that decay, and the biases and scales that do not."""
    weights = [p for p in network.parameters() if p.ndim > 1]
    others = [p for p in network.parameters() if p.ndim <= 1]
    return [{"params": weights, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


@torch.no_grad()
def _average(mean: nn.Module, network: nn.Module, keep: float) -> None:
    for old, new in zip(mean.state_dict().values(), network.state_dict().values(), strict=True):
        if old.dtype.is_floating_point:
            old.lerp_(new, 1 - keep)
        else:
            old.copy_(new)


def _ahead(batch: Callable[[int], Batch], start: int, steps: int) -> Iterator[tuple[int, Batch]]:
    """The batches in their order, two of them made ahead by another thread."""
    ready: queue.Queue[tuple[int, Batch] | BaseException] = queue.Queue(2)

    def fill() -> None:
        try:
            for step in range(start, steps):
                ready.put((step, batch(step)))
        except BaseException as failed:  # noqa: BLE001 - raised again in the thread that trains
            ready.put(failed)

    threading.Thread(target=fill, daemon=True).start()
    for _ in range(start, steps):
        given = ready.get()
        if isinstance(given, BaseException):
            raise given
        yield given


def _save(folder: Path, step: int, network: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer) -> None:
    part = folder / "checkpoint.part"
    torch.save(
        {
            "step": step,
            "network": network.state_dict(),
            "mean": mean.state_dict(),
            "optimiser": optimiser.state_dict(),
        },
        part,
    )
    part.replace(folder / "checkpoint.pt")


def _resume(folder: Path, network: nn.Module, mean: nn.Module, optimiser: torch.optim.Optimizer) -> int:
    """Take up the last checkpoint, if there is one; the step to go on from."""
    file = folder / "checkpoint.pt"
    if not file.exists():
        return 0
    saved = torch.load(file, weights_only=True)
    network.load_state_dict(saved["network"])
    mean.load_state_dict(saved["mean"])
    optimiser.load_state_dict(saved["optimiser"])
    return int(saved["step"])


def _note(folder: Path, row: Mapping[str, float]) -> None:
    """Add a row to the curve and print it; a measure of a new name begins a column."""
    file = folder / "curve.csv"
    rows: list[Mapping[str, str | float]] = []
    if file.exists():
        with file.open(encoding="ascii", newline="") as old:
            rows.extend(csv.DictReader(old))
    rows.append({name: round(value, 5) for name, value in row.items()})
    names = list(dict.fromkeys(name for one in rows for name in one))
    with file.open("w", encoding="ascii", newline="") as new:
        writer = csv.DictWriter(new, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    print(json.dumps(rows[-1]), flush=True)  # noqa: T201 - the recipe's own output
