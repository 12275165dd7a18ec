"""What the console answers when it will not do what a request asks.

Fault
+-- GateError
    +-- RequestRefused    the person or the browser must do something else: `status` says it to the browser
"""

from __future__ import annotations

from gate.errors import GateError


class RequestRefused(GateError):
    """A request that is not served, with the HTTP `status` that says why; a fact `seconds` says when to try again."""

    def __init__(self, code: str, status: int, **facts: object) -> None:
        super().__init__(code, **facts)
        self.status = status


def not_before(wait_s: float) -> None:
    """Refuse what came too soon after wrong attempts, with the seconds to wait. Raises `RequestRefused`."""
    if wait_s > 0:
        raise RequestRefused("console.sign_in_wait", 429, seconds=int(wait_s) + 1)
