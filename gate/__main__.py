"""`python -m gate` is the command `gate`."""

from __future__ import annotations

from gate.cli import main

main()
