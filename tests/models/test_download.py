from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import models.download
from models.download import TRIES, fetch
from models.errors import ModelCorrupt, ModelUnavailable
from tests.models.made import content_of
from tests.models.web import Web, serving

WEIGHTS = bytes(range(256)) * 2000
CONTENT = content_of(WEIGHTS)


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.download, "PAUSE_S", 0)


@pytest.fixture
def web() -> Iterator[Web]:
    with serving(Web({"toy.onnx": WEIGHTS})) as web:
        yield web


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "toy.part"


def _fetch(web: Web, part: Path, file: str = "toy.onnx") -> list[int]:
    steps: list[int] = []
    with httpx.Client(trust_env=False) as client:
        fetch(f"{web.base}/{file}", CONTENT, part, client, lambda have, _whole: steps.append(have))
    return steps


def test_a_file_comes_whole_and_says_how_far_it_is(web: Web, part: Path) -> None:
    steps = _fetch(web, part)
    assert part.read_bytes() == WEIGHTS
    assert steps[0] == 0
    assert steps[-1] == len(WEIGHTS)
    assert steps == sorted(steps)


def test_a_cut_download_goes_on_where_it_stopped(web: Web, part: Path) -> None:
    web.cut_after = [200_000, 100_000]
    _fetch(web, part)
    assert part.read_bytes() == WEIGHTS
    starts = [int((wanted or "bytes=0-")[6:-1]) for _, wanted in web.asked]
    assert len(starts) == 3
    assert starts[0] == 0
    assert 0 < starts[1] < starts[2]


def test_a_download_cut_yesterday_goes_on_today(web: Web, part: Path) -> None:
    part.write_bytes(WEIGHTS[:1000])
    assert _fetch(web, part)[0] == 1000
    assert part.read_bytes() == WEIGHTS
    assert web.asked == [("/toy.onnx", "bytes=1000-")]


def test_a_server_without_ranges_sends_it_all_again(web: Web, part: Path) -> None:
    web.ranges = False
    part.write_bytes(WEIGHTS[:1000])
    _fetch(web, part)
    assert part.read_bytes() == WEIGHTS


def test_a_beginning_of_something_else_is_not_built_upon(web: Web, part: Path) -> None:
    part.write_bytes(b"<html>" * 100)
    _fetch(web, part)
    assert part.read_bytes() == WEIGHTS
    assert [wanted for _, wanted in web.asked] == ["bytes=600-", None]


def test_a_part_that_is_too_long_begins_anew(web: Web, part: Path) -> None:
    part.write_bytes(WEIGHTS + b"x")
    _fetch(web, part)
    assert part.read_bytes() == WEIGHTS


def test_a_whole_part_asks_for_nothing(web: Web, part: Path) -> None:
    part.write_bytes(WEIGHTS)
    _fetch(web, part)
    assert web.asked == []


def test_a_range_that_the_server_refuses_begins_anew(web: Web, part: Path) -> None:
    part.write_bytes(WEIGHTS[:1000])
    web.statuses = [416]
    _fetch(web, part)
    assert part.read_bytes() == WEIGHTS


def test_a_server_that_is_overloaded_is_asked_again(web: Web, part: Path) -> None:
    web.statuses = [503, 502]
    _fetch(web, part)
    assert part.read_bytes() == WEIGHTS


def test_tries_are_bounded(web: Web, part: Path) -> None:
    web.statuses = [503] * 50
    with pytest.raises(ModelUnavailable) as failed:
        _fetch(web, part)
    assert failed.value.code == "models.no_answer"
    assert len(web.asked) == TRIES


@pytest.mark.parametrize("status", [403, 404, 410])
def test_a_refusal_is_not_asked_again(web: Web, part: Path, status: int) -> None:
    web.statuses = [status] * 50
    with pytest.raises(ModelUnavailable) as failed:
        _fetch(web, part)
    assert failed.value.code == "models.refused"
    assert failed.value.facts["status"] == status
    assert len(web.asked) == 1


@pytest.mark.parametrize("length", [True, False])
def test_a_longer_file_is_another_file(web: Web, part: Path, *, length: bool) -> None:
    web.files["toy.onnx"] = WEIGHTS + b"more"
    web.length = length
    with pytest.raises(ModelUnavailable) as failed:
        _fetch(web, part)
    assert failed.value.code == "models.wrong_size"


def test_a_pointer_instead_of_the_file_is_known_by_its_size(web: Web, part: Path) -> None:
    web.files["toy.onnx"] = b"version https://git-lfs.github.com/spec/v1\n"
    with pytest.raises(ModelUnavailable) as failed:
        _fetch(web, part)
    assert failed.value.code == "models.wrong_size"
    assert not part.exists()


def test_other_bytes_of_the_same_size_are_thrown_away(web: Web, part: Path) -> None:
    web.files["toy.onnx"] = WEIGHTS[::-1]
    with pytest.raises(ModelCorrupt) as failed:
        _fetch(web, part)
    assert failed.value.code == "models.corrupt_source"
    assert not part.exists()


def test_nobody_there_is_said_at_the_first_try(web: Web, part: Path) -> None:
    web.base = "http://127.0.0.1:1"
    with pytest.raises(ModelUnavailable) as failed:
        _fetch(web, part)
    assert failed.value.facts["why"] == "ConnectError"


def test_an_address_that_is_none_is_said(part: Path) -> None:
    with pytest.raises(ModelUnavailable) as failed:
        _fetch(Web({}, base="http://[::1"), part)
    assert failed.value.code == "models.no_answer"
