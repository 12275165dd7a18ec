from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gate.console.wording import browser_texts, chosen_language, local_time
from gate.texts import LANGUAGES, Language

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.mark.parametrize(
    ("at", "zone", "zh", "en"),
    [
        (datetime(2025, 11, 23, 14, 31, 5, tzinfo=UTC), SHANGHAI, "11月23日 22:31:05", "23 Nov 22:31:05"),
        (datetime(2025, 12, 31, 16, 0, 0, tzinfo=UTC), SHANGHAI, "1月1日 00:00:00", "1 Jan 00:00:00"),
        (datetime(2025, 2, 3, 4, 5, 6, tzinfo=UTC), ZoneInfo("Asia/Urumqi"), "2月3日 10:05:06", "3 Feb 10:05:06"),
    ],
)
def test_times_are_written_as_people_write_them(at: datetime, zone: ZoneInfo, zh: str, en: str) -> None:
    assert (local_time(at, zone, "zh"), local_time(at, zone, "en")) == (zh, en)


@pytest.mark.parametrize(
    ("query", "cookie", "system", "language"),
    [
        (None, None, None, "zh"),
        (None, None, "en", "en"),
        (None, "en", None, "en"),
        ("zh", "en", "en", "zh"),
        ("en", "zh", None, "en"),
        ("fr", "en", None, "en"),
        ("fr", "fr", None, "zh"),
    ],
)
def test_the_address_is_asked_first_then_the_cookie_then_the_system(
    monkeypatch: pytest.MonkeyPatch, query: str | None, cookie: str | None, system: str | None, language: Language
) -> None:
    monkeypatch.setenv("GATE_LANG", system or "")
    assert chosen_language(query, cookie) == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_browser_gets_the_sentences_it_shows_and_no_others(language: Language) -> None:
    texts = browser_texts(language)
    assert "reason.stranger" in texts
    assert "console.live.lost" in texts
    assert not any(code.startswith("config.") for code in texts)
