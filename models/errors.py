"""Faults with a stable code.

Every error a person may read is a `Fault`: a dotted code and the facts that fill its sentence. The sentence itself,
in Chinese and in English, lives in the catalogue of texts in the upper room; here nothing is worded twice.

    Fault
    +-- ModelsError
        +-- ModelUnavailable    get the file: pull it, mount the mirror, plug the cable
        +-- ModelCorrupt        the bytes are not the ones the catalogue names: pull again
        +-- ModelIncompatible   reconfigure: the file or the template belongs to another model
        +-- LicenceNotAccepted  a person must accept the licence first
        +-- PictureRefused      the picture cannot be used: take or choose another
"""

from __future__ import annotations


class Fault(Exception):
    """An error with a stable `code` and the `facts` that its sentence needs."""

    def __init__(self, code: str, **facts: object) -> None:
        self.code = code
        self.facts = facts
        super().__init__(code)

    def __str__(self) -> str:
        shown = ", ".join(f"{name}={value}" for name, value in self.facts.items())
        return f"{self.code} ({shown})" if shown else self.code


class ModelsError(Fault):
    """Anything that goes wrong in this room."""


class ModelUnavailable(ModelsError):
    """No store, mirror or address gave the file."""


class ModelCorrupt(ModelsError):
    """A file's SHA-256 or shape is not what the catalogue says."""


class ModelIncompatible(ModelsError):
    """Two things made by different models were about to meet."""


class LicenceNotAccepted(ModelsError):
    """The pack's licence limits its use and nobody has accepted it."""


class PictureRefused(ModelsError):
    """The bytes are no picture, or a picture too large to be safe."""
