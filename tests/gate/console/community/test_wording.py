from __future__ import annotations

import pytest

from gate.community.outbox import EVENTS
from gate.console.community.wording import LONGEST, kind_name, lasting, payload
from gate.texts import LANGUAGES, Language


@pytest.mark.parametrize(
    ("seconds", "language", "told"),
    [(0, "zh", "0 秒"), (59.6, "en", "1 min 0 s"), (7500, "zh", "2 小时 5 分钟"), (86_400 * 3, "en", "3 d 0 h")],
)
def test_a_length_of_time_is_told_in_its_two_largest_units(seconds: float, language: Language, told: str) -> None:
    assert lasting(seconds, language) == told


def test_a_picture_is_told_by_its_size() -> None:
    told = payload({"list": [{"photo": "x" * 4096, "seq": 7}]}, "en")
    assert "(picture, 3.0 KiB)" in told
    assert '"seq": 7' in told
    assert payload("x" * LONGEST, "en") == f'"{"x" * LONGEST}"'


def test_every_kind_of_event_has_a_name() -> None:
    assert not [kind for kind in EVENTS for language in LANGUAGES if kind_name(kind, language) == kind]
