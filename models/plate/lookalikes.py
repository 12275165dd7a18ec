"""Characters of a plate that a reader takes for one another: a table with where each pair comes from."""

from __future__ import annotations

MEASURED = ("0D", "DQ", "2Z", "86", "BS", "E6", "17")
"""Confusions that `gate bench accuracy --seen include` counted for the packs `starter` and `base` on 771 photographs of
plates, of shapes that are alike: D read as 0 six times, Z as 2 twice, the others once each."""

REPORTED = ("0Q", "8B", "5S", "7T", "1L", "G6", "C6", "CG", "UV", "KX", "MN", "MH", "NH", "苏桂", "辽宁", "鄂粤")
"""What users of other plate readers report again and again; none of it was seen in those photographs."""


def lookalikes(character: str) -> frozenset[str]:
    """What the character may really be, or be read as, itself not among them; empty for one that stands alone.

    Each pair holds both ways, and nothing follows from two pairs that share a character: 1 and T are no lookalikes.
    """
    return frozenset(pair.replace(character, "") for pair in MEASURED + REPORTED if character and character in pair)
