"""A photo of each vehicle, for telling a borrowed plate from the car that it belongs to."""

from __future__ import annotations

import numpy as np
from sqlalchemy import select

from enrollment.change import Changes
from enrollment.database import purge, reading
from enrollment.errors import EntryRefused
from enrollment.tables import VehiclePhotoRow, VehicleRow
from models.sighting import Picture

LONGER_SIDE_PX = 640
"""Enough to tell make and colour by; no more of a photo is kept."""

QUALITY = 80


def vehicle_jpeg(picture: Picture) -> bytes:
    """The picture as JPEG, `LONGER_SIDE_PX` at most, without anything that the file told besides."""
    import cv2  # every command opens the register, and hardly any has a picture

    height, width = picture.shape[:2]
    scale = min(1.0, LONGER_SIDE_PX / max(height, width))
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    encoded, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    if not encoded:
        raise ValueError("a decoded picture can be encoded")
    return bytes(jpeg)


class VehiclePhotos:
    """One for each vehicle, sealed with the site's key; it goes with the vehicle."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes

    def of(self, vehicle_id: str) -> bytes | None:
        """The JPEG, None where there is none. Raises `KeyUnusable`."""
        with reading(self._changes.engine) as session:
            row = session.get(VehiclePhotoRow, vehicle_id)
            return None if row is None else self._changes.keyring.open_sealed(row.sealed, _context(vehicle_id))

    def has(self, vehicle_id: str) -> bool:
        """Whether there is one."""
        with reading(self._changes.engine) as session:
            return session.scalar(select(VehiclePhotoRow.id).where(VehiclePhotoRow.id == vehicle_id)) is not None

    def keep(self, vehicle_id: str, jpeg: bytes, actor: str) -> None:
        """Keep a photo, in place of the one before.

        Raises:
            NotEnrolled: `register.nobody`.
            EntryRefused: `register.no_vehicle`.
        """
        self._put(vehicle_id, self._changes.keyring.seal(jpeg, _context(vehicle_id)), "photo_kept", actor)

    def drop(self, vehicle_id: str, actor: str) -> None:
        """Delete the photo, its bytes too. Raises as `keep`."""
        self._put(vehicle_id, None, "photo_dropped", actor)
        purge(self._changes.engine, (VehiclePhotoRow.__tablename__,))

    def _put(self, vehicle_id: str, sealed: bytes | None, verb: str, actor: str) -> None:
        with self._changes.edit(vehicle_id, verb, actor) as edit:
            if not isinstance(edit.row, VehicleRow):
                raise EntryRefused("register.no_vehicle")
            before = edit.session.get(VehiclePhotoRow, vehicle_id)
            if before is not None:
                edit.session.delete(before)
                edit.session.flush()
            if sealed is not None:
                edit.session.add(VehiclePhotoRow(id=vehicle_id, sealed=sealed, created_at=self._changes.now()))


def _context(vehicle_id: str) -> bytes:
    return f"vehicle_photo:{vehicle_id}".encode()
