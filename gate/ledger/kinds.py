"""The kinds of rows, in the groups that an auditor asks for. A kind that is in no group is found under all."""

from __future__ import annotations

from collections.abc import Mapping

from gate.barrier.act import ActKind

GROUPS: Mapping[str, tuple[str, ...]] = {
    "decisions": ("decision", "ring", "manual.open", "manual.refuse"),
    "barrier": (
        "barrier",
        "barrier.fault",
        "barrier.alarm",
        "manual.open",
        "manual.close",
        "manual.hold",
        "manual.release",
        "manual.stop",
        "manual.lockdown",
        "manual.emergency",
        "manual.all_clear",
    ),
    "alarms": ("camera", "reader", "barrier.fault", "barrier.alarm", "clock.step", "ledger.gap", "community.behind"),
    "staff": (
        "sign_in",
        "account.added",
        "account.disabled",
        "account.enabled",
        "account.password_set",
        "account.role_set",
        "account.sessions_ended",
        "account.second_factor_on",
        "account.second_factor_off",
        "account.recovery_used",
        "api_key.added",
        "api_key.revoked",
        "api_key.refused",
        "shift.note",
        "shift.note_read",
        "shift.ended",
        "gate.started",
        "gate.stopped",
    ),
    "register": (
        "resident.added",
        "resident.edited",
        "resident.face_added",
        "resident.likeness_decided",
        "resident.face_reembedded",
        "resident.consented",
        "resident.consent_declined",
        "resident.consent_withdrawn",
        "resident.consent_expired",
        "resident.credential_given",
        "resident.credential_taken",
        "resident.right_given",
        "resident.tenancy_begun",
        "resident.tenancy_ended",
        "resident.blocked",
        "resident.unblocked",
        "resident.removed",
        "resident.link_made",
        "resident.phone_joined",
        "resident.phone_left",
        "resident.phones_ended",
        "resident.copy_taken",
        "resident.erasure_asked",
        "resident.erasure_not_wanted",
        "vehicle.added",
        "vehicle.edited",
        "vehicle.right_given",
        "household.right_given",
        "vehicle.photo_kept",
        "vehicle.photo_dropped",
        "vehicle.blocked",
        "vehicle.unblocked",
        "vehicle.removed",
        "household.places_set",
        "household.note_set",
        "plate.listed",
        "plate.changed",
        "plate.delisted",
        "community.taken_over",
        "rules.changed",
        "rules.refused",
        "pad.added",
        "pad.joined",
        "pad.removed",
        "pass.added",
        "pass.used",
        "pass.given_back",
        "pass.ended",
        "pass.forgotten",
    ),
    "notices": ("notice.sent", "notice.answered", "notice.closed", "patrol.opened", "patrol.closed", "patrol.reopened"),
    "parking": ("parking.counted",),
    "views": ("view", "passage.viewed", "history.viewed"),
    "exports": ("export", "report.made", "assessment.made"),
    "complaints": ("complaint.filed", "complaint.closed"),
    "keeping": (
        "ledger.began",
        "ledger.restored",
        "pictures.deleted",
        "passages.forgotten",
        "passages.erased",
        "backup.made",
        "backup.failed",
        "community.dropped",
        "community.resent",
        "community.set_aside",
        "community.mapped",
        "community.behind",
        "community.caught_up",
        "webhook.added",
        "webhook.paused",
        "webhook.resumed",
        "webhook.removed",
    ),
}


def kinds_of(group: str) -> tuple[str, ...]:
    """The kinds of a group; none for a group that is not there."""
    return GROUPS.get(group, ())


def row_kind(act: ActKind) -> str:
    """The kind of the row that a barrier's act becomes: faults and alarms stand apart, so that they are found."""
    if act in {ActKind.FAULTED, ActKind.RECOVERED}:
        return "barrier.fault"
    if act in {ActKind.FORCED, ActKind.ALARMED, ActKind.CALMED}:
        return "barrier.alarm"
    return "barrier"
