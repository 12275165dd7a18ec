"""The language of a page, and how it writes times."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from gate.barrier.code import ALARMS, Code
from gate.texts import LANGUAGES, Language, catalogue, system_language

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FOR_THE_BROWSER = (
    *ALARMS,
    Code.PUSHED_THROUGH,
    "reason.",
    "verdict.",
    "camera_state.",
    "barrier_state.",
    "todo.",
    "question_over.",
    "call_state.",
    "guard_deed.",
    "console.live.",
)


def chosen_language(query: str | None, cookie: str | None) -> Language:
    """What the address asks for, else what the cookie remembers, else the gate's own language."""
    for choice in (query, cookie):
        for language in LANGUAGES:
            if choice == language:
                return language
    return system_language()


def local_time(at: datetime, zone: tzinfo, language: Language) -> str:
    """A moment in the compound's time zone: `11月23日 22:31:05` or `23 Nov 22:31:05`."""
    here = at.astimezone(zone)
    day = f"{here.month}月{here.day}日" if language == "zh" else f"{here.day} {MONTHS[here.month - 1]}"
    return f"{day} {here:%H:%M:%S}"


def browser_texts(language: Language) -> Mapping[str, str]:
    """The sentences that the live page's script may need, with their `{facts}` unfilled."""
    return {code: sentences[language] for code, sentences in catalogue().items() if code.startswith(FOR_THE_BROWSER)}
