"""Consents of invented people, as plainly invented as they are."""

from __future__ import annotations

from datetime import UTC, datetime

from enrollment.consent import ConsentForm, Means, Purpose

FACE = ConsentForm(Purpose.FACE_ENTRY, Means.PAPER, datetime(2025, 1, 2, tzinfo=UTC))
"""Signed on paper, for entering by face, without an end."""
