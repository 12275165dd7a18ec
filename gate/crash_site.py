"""Where something went wrong, for a log line that shows nothing of whom it concerned."""

from __future__ import annotations


def crash_site(crash: BaseException) -> str:
    """File and line of the deepest call: enough to find it, without values that may be personal."""
    trace = crash.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{trace.tb_lineno}" if trace else "?"
