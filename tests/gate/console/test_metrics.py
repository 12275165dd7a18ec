from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from prometheus_client.parser import text_string_to_metric_families

from enrollment.sources import SourceStanding
from gate.camera.frame import CameraState
from gate.community.deliveries import DestinationView
from gate.community.queue import Standing
from gate.community.registers.registers import SourceView
from gate.console.metrics import Metrics
from gate.console.watch import HealthView
from gate.decision.decision import Reason, Verdict
from gate.reader.reader import Condition, ReaderState
from gate.reader.worker import ReaderHealth
from gate.readers import ReaderView
from tests.gate.console.fake_watch import FakeWatch, passage


def numbers(metrics: Metrics) -> dict[tuple[str, ...], float]:
    """Value by name and label values, the labels in alphabetical order."""
    families = text_string_to_metric_families(metrics.page().decode())
    samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value for sample in samples}


def test_passages_are_counted_by_lane_verdict_and_reason(watch: FakeWatch) -> None:
    metrics = Metrics(watch)
    for number in range(3):
        watch.pass_by(passage(number))
    watch.pass_by(passage(4, Verdict.ASK, Reason.UNKNOWN_VEHICLE, lane="che"))
    watch.turn_barrier("men", "open")
    for news in watch.feed.after(0, 0):
        metrics.observe(news)
    found = numbers(metrics)
    assert found["menwei_passages_total", "men", "known_resident", "open"] == 3
    assert found["menwei_passages_total", "che", "unknown_vehicle", "ask"] == 1
    assert found["menwei_passage_delay_seconds_count", "men"] == 3
    assert found["menwei_passage_delay_seconds_sum", "men"] == pytest.approx(3 * 0.1825)
    assert found["menwei_passage_delay_seconds_bucket", "men", "0.2"] == 3
    assert found["menwei_passage_delay_seconds_bucket", "men", "0.1"] == 0


def test_states_are_read_at_the_moment_of_asking(watch: FakeWatch) -> None:
    metrics = Metrics(watch)
    assert numbers(metrics)["menwei_camera_state", "men", "live"] == 1
    watch.turn_camera("men", CameraState.LOST)
    watch.turn_barrier("che", "held")
    watch.works = HealthView(True, False, True, True, True, ledger_rows=99, spooled_rows=3)
    found = numbers(metrics)
    assert found["menwei_camera_state", "men", "live"] == 0
    assert found["menwei_camera_state", "men", "lost"] == 1
    assert found["menwei_camera_frames_total", "che"] == 1200
    assert found["menwei_camera_dropped_total", "che"] == 7
    assert found["menwei_barrier_state", "che", "held"] == 1
    assert found["menwei_barrier_state", "men", "closed"] == 1
    assert found["menwei_ledger_rows",] == 99
    assert found["menwei_ledger_spooled_rows",] == 3
    assert found["menwei_part_works", "ledger"] == 0
    assert found["menwei_part_works", "database"] == 1


def test_each_destination_has_its_backlog_and_whether_it_works(watch: FakeWatch) -> None:
    standing = Standing(7, 2, 40, 5, "2025-11-23T14:30:00.000000Z", None, "community.unreachable", {}, None)
    standing = replace(standing, rate_per_s=2.5)
    watch.places.append(DestinationView("office", "webhook", "https://192.0.2.9", standing, 90.0, late_s=60.0))
    found = numbers(Metrics(watch))
    assert found["menwei_destination_waiting_events", "office"] == 7
    assert found["menwei_destination_lag_seconds", "office"] == 90
    assert found["menwei_destination_dead_letters", "office"] == 2
    assert found["menwei_destination_delivered_total", "office"] == 40
    assert found["menwei_destination_dropped_total", "office"] == 5
    assert found["menwei_destination_works", "office"] == 0
    assert found["menwei_destination_late", "office"] == 1
    assert found["menwei_destination_delivered_per_second", "office"] == 2.5
    assert found["menwei_part_works", "community"] == 1


def test_each_source_tells_how_much_it_has_and_whether_it_answers(watch: FakeWatch) -> None:
    standing = SourceStanding(120, None, None, None, "community.unreachable", {}, None)
    watch.registers.append(SourceView("property", "rest", "https://192.0.2.9", "auto", standing))
    found = numbers(Metrics(watch))
    assert (found["menwei_source_works", "property"], found["menwei_source_entries", "property"]) == (0, 120)


def test_what_is_kept_and_what_is_past_its_time_is_counted_by_class(watch: FakeWatch) -> None:
    found = numbers(Metrics(watch))
    assert found["menwei_kept", "passages"] == 12
    assert (found["menwei_overdue", "passages"], found["menwei_overdue", "pictures"]) == (0, 2)


def test_two_gates_in_one_process_do_not_share_numbers(watch: FakeWatch) -> None:
    one, other = Metrics(watch), Metrics(watch)
    watch.pass_by(passage(1))
    one.observe(watch.feed.after(0, 0)[0])
    assert ("menwei_passages_total", "men", "known_resident", "open") not in numbers(other)


def test_no_name_and_no_plate_is_in_the_numbers(watch: FakeWatch) -> None:
    metrics = Metrics(watch)
    watch.pass_by(passage(1, label="张三"))
    metrics.observe(watch.feed.after(0, 0)[0])
    metrics.observe(watch.feed.publish("gate", None, datetime.now(UTC), name="张三"))
    assert "张三" not in metrics.page().decode()


def test_every_card_reader_is_told_by_its_state_and_by_what_it_has_read(watch: FakeWatch) -> None:
    lost = Condition("old", ReaderState.LOST, "reader.cut", tampered=True)
    health = ReaderHealth(lost, reads=7, misreads=(("parity", 2),), reconnects=3)
    watch.card_readers = [ReaderView("old", "men", health)]
    watch.works = replace(watch.works, readers=False)
    found = numbers(Metrics(watch))
    assert (found["menwei_reader_state", "old", "lost"], found["menwei_reader_state", "old", "online"]) == (1, 0)
    assert (found["menwei_reader_tampered", "old"], found["menwei_reader_reads_total", "old"]) == (1, 7)
    assert (found["menwei_reader_misreads_total", "old", "parity"], found["menwei_reader_reconnects_total", "old"]) == (
        2,
        3,
    )
    assert found["menwei_part_works", "readers"] == 0
    assert watch.works.state == "degraded"
