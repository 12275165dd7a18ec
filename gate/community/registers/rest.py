"""An address that answers with lists of JSON objects: pages of them, each with an ETag where it gives one.

While every page answers 304 nothing is new. Where one does not, all are asked for again: half a register is none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from enrollment.sources import News
from enrollment.told import FIELDS, ToldKind
from gate.community.destination import Away, Failed
from gate.community.peer import NOT_MODIFIED, Answer, Peer
from gate.community.registers.settings import RestSource
from gate.community.registers.source import Reading
from gate.password_file import read_password

MOST_PAGES = 1000


class Rest:
    """One address."""

    fields: Mapping[str, str] = {
        **{name: name for names in FIELDS.values() for name in ("id", *names)},
        **dict.fromkeys(("building", "unit", "room"), "household"),
    }

    def __init__(self, part: RestSource, zone: ZoneInfo) -> None:
        self._part = part
        self._zone = zone
        self._peer = Peer(part.url, within_s=part.timeout_s, ca_file=part.ca_file)
        self._left = 0
        """Bytes that all pages together may still have."""
        self.address = self._peer.address
        self.rest_s: float | None = part.every_s

    def ask(self, tags: Mapping[str, str]) -> News | None:
        """Every page of every list. Raises `Failed` too where pages do not add up to the total they tell."""
        self._left = self._part.most_mb * 1_000_000
        if tags and all(self._get(path, tag).status == NOT_MODIFIED for path, tag in tags.items()):
            return None
        reading, named = Reading(self._zone, self._part.words), dict[str, str]()
        every_page_tagged = True
        for kind, path in self._part.paths.items():
            for address, answer, items in self._pages(path):
                for number, item in enumerate(items, 1):
                    self._read(reading, kind, item, number)
                tag = answer.headers.get("ETag", "")
                named[address] = tag
                every_page_tagged = every_page_tagged and bool(tag)
        kinds = tuple(self._part.paths)
        return News(reading.told, reading.wrong, kinds, tags=named if every_page_tagged else {})

    def kept(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Let go of the connection."""
        self._peer.close()

    def _pages(self, path: str) -> list[tuple[str, Answer, list[Any]]]:
        part, pages, seen = self._part, list[tuple[str, Answer, list[Any]]](), 0
        for number in range(part.first_page, part.first_page + MOST_PAGES):
            mark = "&" if "?" in path else "?"
            address = f"{path}{mark}{part.page}={number}&{part.size}={part.page_size}" if part.page else path
            answer = self._get(address, "")
            plain = self._understood(answer)
            items, total = _at(plain, part.items), _at(plain, part.total) if part.total else None
            if not isinstance(items, list) or (part.total and not isinstance(total, int)):
                raise Failed("community.not_understood", address=self.address)
            pages.append((address, answer, items))
            seen += len(items)
            last = not part.page or len(items) < part.page_size or seen == total
            if last and total is not None and seen != total:
                raise Failed("community.incomplete", address=self.address, got=seen, total=total)
            if last:
                return pages
        raise Failed("community.incomplete", address=self.address, got=seen, total=f"> {seen}")

    def _get(self, path: str, tag: str) -> Answer:
        headers = {"Accept": "application/json"} | ({"If-None-Match": tag} if tag else {})
        if self._part.token_file is not None:
            token, name = read_password(self._part.token_file, Away), self._part.token_header
            headers[name] = f"Bearer {token}" if name.lower() == "authorization" else token
        answer = self._peer.get(path, headers, self._left)
        self._left -= len(answer.body)
        return answer

    def _understood(self, answer: Answer) -> Any:
        try:
            plain = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise Failed("community.not_understood", address=self.address) from None
        name, _, wanted = self._part.ok.partition("=")
        if name and (said := _at(plain, name)) is not None and str(said) != wanted:
            why = str(_at(plain, "msg") or _at(plain, "message") or "")[:80]
            raise Failed("community.said_no", address=self.address, said=str(said)[:20], why=why)
        return plain

    def _read(self, reading: Reading, kind: ToldKind, item: object, number: int) -> None:
        names = ("id", "building", "unit", "room", *FIELDS[kind])
        raw = {name: _text(_at(item, self._part.fields.get(name, name))) for name in names}
        reading.add(kind, raw.pop("id"), {name: text for name, text in raw.items() if text}, number)


def _at(plain: Any, path: str) -> Any:
    """What stands at a dotted path, None where nothing does; the whole for an empty path."""
    for name in path.split(".") if path else ():
        plain = plain.get(name) if isinstance(plain, dict) else None
    return plain


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
