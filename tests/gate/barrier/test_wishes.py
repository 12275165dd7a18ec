"""What a guard wants of a barrier is on disk before long, and survives what a disk does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from gate.barrier.standing import Wish
from gate.barrier.wishes import Wishes


def test_a_wish_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "barriers.json"
    wishes = Wishes(path)
    assert wishes.of("arm") == Wish()
    wishes.remember("arm", Wish(held=True))
    wishes.remember("door", Wish(lockdown=True))
    assert wishes.write()
    again = Wishes(path)
    assert (again.of("arm"), again.of("door")) == (Wish(held=True), Wish(lockdown=True))


def test_its_own_thread_writes_and_the_last_wish_is_written_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "barriers.json"
    wishes = Wishes(path)
    wishes.start()
    wishes.remember("arm", Wish(emergency=True))
    wishes.stop()
    assert Wishes(path).of("arm") == Wish(emergency=True)


@pytest.mark.parametrize("garbage", ["", "[]", "{", '{"arm": 3}', "\x00\xff"])
def test_a_file_that_cannot_be_read_is_put_aside_and_says_so(tmp_path: Path, garbage: str) -> None:
    path = tmp_path / "barriers.json"
    path.write_bytes(garbage.encode("latin-1"))
    with capture_logs() as logs:
        wishes = Wishes(path)
    assert wishes.of("arm") == Wish()
    aside = tmp_path / "barriers.json.broken"
    assert [(line["event"], line["put_aside"]) for line in logs] == [("barrier.wishes_unreadable", str(aside))]
    wishes.remember("arm", Wish(held=True))
    assert wishes.write()
    assert aside.read_bytes() == garbage.encode("latin-1")


def test_one_garbled_wish_costs_no_other_barrier_its_lockdown(tmp_path: Path) -> None:
    path = tmp_path / "barriers.json"
    path.write_text(json.dumps({"arm": 3, "door": {"lockdown": True}}))
    with capture_logs() as logs:
        assert Wishes(path).of("door") == Wish(lockdown=True)
    assert [line["barriers"] for line in logs] == ["arm"]
    assert (tmp_path / "barriers.json.broken").exists()


def test_a_file_that_can_be_neither_read_nor_put_aside_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "barriers.json"
    path.mkdir()
    (tmp_path / "barriers.json.broken").touch()
    with capture_logs() as logs:
        assert Wishes(path).of("arm") == Wish()
    assert [(line["event"], "stays" in line) for line in logs] == [("barrier.wishes_unreadable", True)]


def test_unknown_keys_and_values_are_no_wish(tmp_path: Path) -> None:
    path = tmp_path / "barriers.json"
    path.write_text(json.dumps({"arm": {"held": "yes", "lockdown": True, "later": 1}}))
    assert Wishes(path).of("arm") == Wish(lockdown=True)


def test_a_disk_that_refuses_is_told_once_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.write_text("in the way")
    wishes = Wishes(folder / "barriers.json")
    wishes.remember("arm", Wish(held=True))
    with capture_logs() as logs:
        assert not wishes.write()
        assert not wishes.write()
        folder.unlink()
        assert wishes.write()
    assert [line["event"] for line in logs] == ["barrier.wishes_unwritable", "barrier.wishes_written_again"]
    assert Wishes(folder / "barriers.json").of("arm") == Wish(held=True)
