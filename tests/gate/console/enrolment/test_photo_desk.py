from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import pytest

from enrollment.faces import FacePhoto
from gate.console.enrolment.photo_desk import LASTS_S, MOST, PhotoDesk, Waiting
from models.sighting import FaceSighting, Picture
from tests.gate.console.enrolment.conftest import jpeg
from tests.gate.console.one_face import OneFace


def waiting(owner: str = "me") -> Waiting:
    recogniser = OneFace()
    [face] = recogniser.embed(None, recogniser.find(None))  # type: ignore[arg-type]
    return Waiting(owner, "one", "other", "0.90", FacePhoto(face, "fake-1"))


def test_a_photo_waits_for_its_own_session_and_no_longer_than_it_may() -> None:
    ends: list[tuple[float, Callable[[], None]]] = []
    desk = PhotoDesk(OneFace(), later=lambda delay_s, act: ends.append((delay_s, act)))
    token = desk.keep(waiting())
    assert desk.find(token, "me") is not None
    assert desk.find(token, "somebody else") is None
    [(delay_s, over)] = ends
    assert delay_s == LASTS_S
    over()
    assert desk.find(token, "me") is None


def test_only_a_few_wait() -> None:
    desk = PhotoDesk(OneFace(), later=lambda _delay_s, _act: None)
    tokens = [desk.keep(waiting()) for _ in range(MOST + 1)]
    assert [desk.find(token, "me") is not None for token in tokens] == [False] + [True] * MOST


def test_a_frame_does_not_wait_for_another_one() -> None:
    looking, go_on = threading.Event(), threading.Event()

    class Slow(OneFace):
        def find(self, picture: Picture) -> Sequence[FaceSighting]:
            looking.set()
            assert go_on.wait(30)
            return super().find(picture)

    desk = PhotoDesk(Slow())
    first = threading.Thread(target=desk.look, args=(jpeg(), 320))
    first.start()
    assert looking.wait(30)
    assert desk.look(jpeg(), 320) is False
    go_on.set()
    first.join()
    assert desk.look(jpeg(), 320) is True


@pytest.mark.parametrize("shown_width", [16, 320, 10**9])
def test_a_frame_stands_for_a_photo_of_any_width(shown_width: int) -> None:
    assert PhotoDesk(OneFace()).look(jpeg(), shown_width)
