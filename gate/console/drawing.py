"""QR codes as drawings."""

from __future__ import annotations

import io

import segno


def qr_svg(text: str, *, error: str = "m", scale: int = 5) -> str:
    """An SVG element to put into a page, with its quiet zone; `scale` is the side of a module in user units."""
    drawn = io.BytesIO()
    segno.make(text, error=error, micro=False).save(
        drawn, kind="svg", scale=scale, xmldecl=False, svgns=False, nl=False, light="#fff", omitsize=True
    )
    return drawn.getvalue().decode()
