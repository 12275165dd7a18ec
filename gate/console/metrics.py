"""Numbers for a monitoring system, in the Prometheus text format."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gate.barrier.standing import State
from gate.camera.frame import CameraState
from gate.console.watch import Watch
from gate.feed import News
from gate.reader.reader import ReaderState

DELAY_BUCKETS_S = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)


class Metrics:
    """Counts passages as they are news and reads everything else when asked; a registry of its own, no globals."""

    def __init__(self, watch: Watch) -> None:
        self._registry = CollectorRegistry()
        self._passages = Counter(
            "menwei_passages", "Decided passages", ["lane", "verdict", "reason"], registry=self._registry
        )
        self._delay = Histogram(
            "menwei_passage_delay_seconds",
            "From the frame to the command",
            ["lane"],
            buckets=DELAY_BUCKETS_S,
            registry=self._registry,
        )
        self._registry.register(_State(watch))

    def observe(self, news: News) -> None:
        """Count a passage; other news are not counted."""
        if news.topic != "passage" or news.lane is None:
            return
        verdict, reason = str(news.body.get("verdict", "")), str(news.body.get("reason", ""))
        self._passages.labels(news.lane, verdict, reason).inc()
        delay_ms = news.body.get("delay_ms")
        if delay_ms is not None:
            self._delay.labels(news.lane).observe(float(delay_ms) / 1000)

    def page(self) -> bytes:
        """Everything in the text format. Reads the running gate, so a fault of its database comes through."""
        return generate_latest(self._registry)


class _State(Collector):
    """What is read at the moment of asking."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def describe(self) -> Iterator[Metric]:
        """Nothing beforehand: the gate is not asked before it runs."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """Cameras and barriers by lane, the ways out and in, what is kept, then the record."""
        yield from self._lanes()
        yield from self._readers()
        yield from self._destinations()
        yield from self._sources()
        yield from self._clocks()
        health = self._watch.health()
        healthy = GaugeMetricFamily("menwei_part_works", "1 while the part works", labels=["part"])
        for part in ("database", "ledger", "models", "cameras", "barriers", "readers", "community"):
            healthy.add_metric([part], float(getattr(health, part)))
        yield healthy
        yield GaugeMetricFamily("menwei_ledger_rows", "Rows of the ledger", value=health.ledger_rows)
        yield GaugeMetricFamily("menwei_ledger_spooled_rows", "Rows that wait to be written", value=health.spooled_rows)

    def _readers(self) -> Iterator[Metric]:
        state = GaugeMetricFamily("menwei_reader_state", "1 for the state it is in", labels=["reader", "state"])
        tampered = GaugeMetricFamily("menwei_reader_tampered", "1 while its tamper contact is open", labels=["reader"])
        reads = CounterMetricFamily("menwei_reader_reads", "Cards and keys that it has read", labels=["reader"])
        misreads = CounterMetricFamily(
            "menwei_reader_misreads", "What came and was no card, by why", labels=["reader", "why"]
        )
        reconnects = CounterMetricFamily("menwei_reader_reconnects", "Times that it came back", labels=["reader"])
        for view in self._watch.readers():
            condition = view.health.condition
            for one in ReaderState:
                state.add_metric([view.id, one], float(condition.state is one))
            tampered.add_metric([view.id], float(bool(condition.tampered)))
            reads.add_metric([view.id], view.health.reads)
            reconnects.add_metric([view.id], view.health.reconnects)
            for why, count in view.health.misreads:
                misreads.add_metric([view.id, why], count)
        yield from (state, tampered, reads, misreads, reconnects)

    def _destinations(self) -> Iterator[Metric]:
        texts = {
            "waiting_events": "Events that a destination has not taken yet",
            "lag_seconds": "How long the oldest of them waits",
            "dead_letters": "Events that wait for a person to look at them",
            "works": "1 while the destination takes events",
            "late": "1 while an event has waited for longer than late_after_s",
            "delivered_per_second": "How fast events are being taken, 0 while none is",
        }
        gauges = {
            name: GaugeMetricFamily(f"menwei_destination_{name}", text, labels=["destination"])
            for name, text in texts.items()
        }
        counted = {
            name: CounterMetricFamily(f"menwei_destination_{name}", text, labels=["destination"])
            for name, text in (("delivered", "Events that were taken"), ("dropped", "Events dropped for want of room"))
        }
        for view in self._watch.destinations():
            standing = view.standing
            states = float(standing.code is None), float(view.late), standing.rate_per_s or 0.0
            values = (standing.waiting, view.lag_s, standing.dead, *states)
            for family, value in zip(gauges.values(), values, strict=True):
                family.add_metric([view.id], value)
            counted["delivered"].add_metric([view.id], standing.delivered)
            counted["dropped"].add_metric([view.id], standing.dropped)
        yield from (*gauges.values(), *counted.values())

    def _clocks(self) -> Iterator[Metric]:
        kept = GaugeMetricFamily("menwei_kept", "Personal data that is stored, by class", labels=["class"])
        overdue = GaugeMetricFamily("menwei_overdue", "What of it is past its time", labels=["class"])
        for clock in self._watch.clocks():
            kept.add_metric([clock.name], clock.kept)
            overdue.add_metric([clock.name], clock.overdue)
        yield from (kept, overdue)

    def _sources(self) -> Iterator[Metric]:
        works = GaugeMetricFamily("menwei_source_works", "1 while the source answers", labels=["source"])
        told = GaugeMetricFamily("menwei_source_entries", "Entries that the source tells", labels=["source"])
        for view in self._watch.sources():
            works.add_metric([view.id], float(view.standing.code is None))
            told.add_metric([view.id], view.standing.told)
        yield from (works, told)

    def _lanes(self) -> Iterator[Metric]:
        camera = GaugeMetricFamily("menwei_camera_state", "1 for the state it is in", labels=["lane", "state"])
        barrier = GaugeMetricFamily("menwei_barrier_state", "1 for the state it is in", labels=["lane", "state"])
        counted = {
            name: CounterMetricFamily(f"menwei_camera_{name}", text, labels=["lane"])
            for name, text in (
                ("frames", "Frames taken"),
                ("dropped", "Frames that a newer one replaced before anybody took them"),
                ("reconnects", "Times the camera was opened again"),
                ("stalls", "Times the camera stopped giving pictures"),
            )
        }
        for lane in self._watch.lanes():
            for state in CameraState:
                camera.add_metric([lane.id, state], float(lane.camera.state is state))
            for standing in State:
                barrier.add_metric([lane.id, standing], float(lane.barrier_state == standing))
            for name, family in counted.items():
                family.add_metric([lane.id], getattr(lane.camera, name))
        yield from (camera, barrier, *counted.values())
