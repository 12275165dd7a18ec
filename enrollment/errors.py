"""Faults of the register, split by what the caller can do.

Fault
+-- EnrollmentError
    +-- PhotoRefused     take another photo: `code` says what is wrong with this one
    +-- EntryRefused     correct the entry: a plate that is none, a household that is not there
    +-- NotEnrolled      there is no such person, vehicle or account
    +-- KeyUnusable      the key file is missing, readable by others or the wrong one: call the administrator
    +-- StoreBusy        the database is locked, the disk is full or broken: retry, then call a person
"""

from __future__ import annotations

from models.errors import Fault


class EnrollmentError(Fault):
    """Anything that goes wrong in this room."""


class PhotoRefused(EnrollmentError):
    """The photo shows no face, several faces, or one that is too poor to go by."""


class EntryRefused(EnrollmentError):
    """What was entered breaks a rule of the register."""


class NotEnrolled(EnrollmentError):
    """Nobody and nothing answers to that name, plate or id."""


class KeyUnusable(EnrollmentError):
    """Templates and snapshots cannot be read or written with this key file."""


class StoreBusy(EnrollmentError):
    """The database did not take the change; nothing was written."""
