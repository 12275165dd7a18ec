"""A person's name as it is kept: any script and any rare character, but nothing that cannot be seen.

A few marks that cannot be seen by themselves change how the letters beside them are written, and a name is misspelt
without them. They are kept where they do so and refused everywhere else, where two names would look the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from enrollment.errors import EntryRefused

LONGEST = 50
"""Characters. The longest names of the Chinese ID card's holders, Uyghur and Mongolian ones, stay below it."""

SHORTEST_WORD = 2
"""Characters of a name from which it is looked for in what staff wrote; one alone stands in half of all sentences."""

_UNSEEN = {"Cc", "Cf", "Cs", "Zl", "Zp"}
"""Controls, format characters such as direction overrides, lone surrogates, line and paragraph separators.

Unassigned (Cn) and private (Co) code points pass: newly encoded rare characters are the first to Python's tables, and
older systems keep rare characters in private ones.
"""

_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0"
    "\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
"""What else shows nothing although it counts as a letter or a mark: Unicode's default ignorable code points (UAX 44),
and the empty braille cell."""

_MONGOLIAN = "[\u1820-\u1842\u1843-\u1878\u1880-\u1884\u1887-\u18a8\u18aa]"
_ARABIC = "[\u0620-\u063f\u0641-\u064a\u066e-\u066f\u0671-\u06d3\u06d5\u06ee\u06ef\u06fa-\u06fc\u06ff\u0750-\u077f]"
_JOINS_ON = "".join(
    chr(int(form.split()[1], 16))
    for form in map(unicodedata.decomposition, map(chr, (*range(0xFB50, 0xFDF2), *range(0xFE70, 0xFEFD))))
    if form.startswith("<initial>") and len(form.split()) == 2
)
"""The Arabic letters that have a form joined to the next one."""
_IDEOGRAPH = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"

_WRITTEN = re.compile(
    # Which of its forms a letter takes; the vowel separator and the joiners, between two letters.
    f"(?<={_MONGOLIAN})[\u180b-\u180d\u180f]"
    f"|(?:(?<={_MONGOLIAN})|(?<={_MONGOLIAN}[\u180b-\u180d\u180f]))[\u180e\u200c\u200d](?={_MONGOLIAN})"
    # The non-joiner where it parts two letters that would join (UAX 31, context A1).
    f"|(?:(?<=[{_JOINS_ON}])|(?<=[{_JOINS_ON}][\u064b-\u0655]))\u200c(?={_ARABIC})"
    # The form of a rare character, as the registers of names have it.
    f"|(?<={_IDEOGRAPH})[\ufe00-\ufe0f\U000e0100-\U000e01ef]"
)
_GAP = re.compile(f"(?P<suffix>(?<={_MONGOLIAN})\u202f(?={_MONGOLIAN}))|\\s+")
"""Spaces. The narrow one before a Mongolian suffix stays: behind another one the suffix takes another form."""

_LEFT_OUT = re.compile("['`´‘’ʻʼʹʾʿ·•‧∙⋅・⸱⸳ꞏ᛫་]")
"""Dots between the parts of a name, apostrophes, and the Tibetan dot between syllables: keyboards have many of each and
few have the right one."""
_HYPHENS = re.compile("[‐‑‒–−]")


def clean_name(text: str) -> str:
    """The name in NFC with single spaces.

    Raises:
        EntryRefused: `register.name_empty`, `register.name_long`, `register.name_unseen`.
    """
    # What a sentence of ours is isolated with comes along when a name is copied out of it.
    composed = unicodedata.normalize("NFC", text.strip().removeprefix("\u2068").removesuffix("\u2069"))
    seen = _WRITTEN.sub("", composed)
    if _BLANK.search(seen) or any(unicodedata.category(character) in _UNSEEN for character in seen):
        raise EntryRefused("register.name_unseen")
    name = _GAP.sub(lambda gap: gap["suffix"] or " ", composed).strip()
    if not name:
        raise EntryRefused("register.name_empty")
    if len(name) > LONGEST:
        raise EntryRefused("register.name_long", length=len(name), longest=LONGEST)
    return name


def folded(text: str) -> str:
    """A name as it is searched for: without case, width, dots, apostrophes and whatever cannot be seen by itself."""
    plain = unicodedata.normalize("NFKC", text)
    shown = (sign for sign in _BLANK.sub("", plain) if unicodedata.category(sign) not in {"Cf", "Cs"})
    return _HYPHENS.sub("-", _LEFT_OUT.sub("", "".join(shown))).casefold().strip()


def mentions(text: str, called: Iterable[str]) -> bool:
    """Whether a text names whoever is `called` so, a name, plate or number, however it is spaced and spelled there."""
    words = (_run_together(word) for word in called)
    plain = _run_together(text)
    return any(word in plain for word in words if len(word) >= SHORTEST_WORD)


def _run_together(text: str) -> str:
    return folded(text).replace(" ", "")
