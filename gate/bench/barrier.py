"""How long it takes from a decision to open until the relay board has been told, driver by driver."""

from __future__ import annotations

import math
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from gate.barrier.act import Command
from gate.barrier.controller import Barrier
from gate.barrier.standing import State, Timing
from gate.bench.barrier_peers import PEERS, Peer

QUICK = Timing(travel_s=0.02, hold_open_s=0.0, clear_s=0.0, fault_after_s=30.0)
"""An arm without limits that is up and down again at once, so that it can be opened again."""
LONGEST_S = 20.0


@dataclass(frozen=True, slots=True)
class DriverScore:
    """Milliseconds from the command until the peer has heard it, over so many openings."""

    p50_ms: float
    p99_ms: float
    rounds: int


def measure(rounds: int, peers: dict[str, Peer] | None = None) -> Iterator[tuple[str, DriverScore | None]]:
    """Each driver in turn with its score; None where its peer cannot be had on this machine.

    Raises TimeoutError where a peer does not do its part.
    """
    for name, peer in (PEERS if peers is None else peers).items():
        yield name, _driver(peer, rounds)


def _driver(peer: Peer, rounds: int) -> DriverScore | None:
    told = threading.Event()
    at_s = [0.0]

    def heard() -> None:
        if not told.is_set():
            at_s[0] = time.monotonic()
            told.set()

    with peer(heard) as device:
        if device is None:
            return None
        barrier = Barrier("bench", device, QUICK, time.monotonic, lambda _act: None)
        took_ms = []
        for number in range(rounds + 1):
            _polled(barrier, lambda: barrier.standing().state is State.CLOSED)
            told.clear()
            began_s = time.monotonic()
            receipt = barrier.command(Command.OPEN, command_id=str(number), cause="bench")
            if not (receipt.accepted and told.wait(LONGEST_S)):
                raise TimeoutError(receipt.refusal or "the peer heard nothing")
            took_ms.append((at_s[0] - began_s) * 1000)
    # The first one also makes the connection ready, and is not counted.
    counted = took_ms[1:]
    return DriverScore(round(statistics.median(counted), 2), round(_percentile(counted, 0.99), 2), rounds)


def _polled(barrier: Barrier, arrived: Callable[[], bool]) -> None:
    end_s = time.monotonic() + LONGEST_S
    barrier.poll_once()
    while not arrived():
        if time.monotonic() > end_s:
            raise TimeoutError(f"the barrier stays {barrier.standing().state}")
        time.sleep(0.002)
        barrier.poll_once()


def _percentile(values: list[float], share: float) -> float:
    """The smallest value that so large a share does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]
