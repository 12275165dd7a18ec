from __future__ import annotations

from enrollment.entry import Vehicle
from tests.gate.console.enrolment.conftest import Table, jpeg


def car(table: Table) -> Vehicle:
    home = table.begun()
    table.post(f"{home}/vehicles", plate="辽A12345", colour="blue")
    [found] = table.booth.accounts.register.vehicles()
    return found


def test_a_vehicle_is_edited_and_moved_and_gets_an_owner(table: Table) -> None:
    known, owner = car(table), table.person()
    form = {"plate": "辽B12345", "household": "4-1-101", "colour": "blue", "type": "van", "owner": owner.id}
    answer = table.post(f"/enrolment/vehicles/{known.id}/edit", version=str(known.version), **form)
    assert answer.status_code == 303
    [now] = table.booth.accounts.register.vehicles()
    assert (now.plate, now.household, now.type, now.owner) == ("辽B12345", "4-1-101", "van", owner.id)
    assert owner.name in table.client.get(f"/enrolment/vehicles/{known.id}").text
    assert table.booth.watch.looked[-1] == ("id-enroller", f"vehicle:{known.id}")


def test_of_two_who_edit_at_once_the_second_sees_both(table: Table, admins: Table) -> None:
    known = car(table)
    here = f"/enrolment/vehicles/{known.id}/edit"
    common = {"household": "3-2-501", "colour": "blue", "version": str(known.version)}
    admins.post(here, plate="辽A54321", **common)
    late = table.post(here, plate="辽A12346", notes="送货", **common)
    assert late.status_code == 409
    for said in ("辽A54321", 'value="辽A12346"', 'value="送货"'):
        assert said in late.text


def test_a_wrong_edit_is_said(table: Table) -> None:
    known = car(table)
    here = f"/enrolment/vehicles/{known.id}/edit"
    for form in ({"plate": "ABC"}, {"plate": "辽A12345", "household": "?"}, {"owner": "nobody", "plate": "辽A12345"}):
        answer = table.post(here, **{"household": "3-2-501", "colour": "blue", "version": str(known.version), **form})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text
    assert table.client.get("/enrolment/vehicles/none").json()["code"] == "console.no_such_vehicle"
    assert table.client.get(f"/enrolment/vehicles/{table.person().id}").status_code == 404


def test_a_photo_of_a_vehicle_is_kept_small_seen_and_deleted(table: Table) -> None:
    register = table.booth.accounts.register
    car = register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    address = f"/enrolment/vehicles/{car.id}"
    assert table.client.get(f"{address}/photo.jpg").status_code == 404
    answer = table.send(f"{address}/photo", jpeg(1600, 1200))
    assert (answer.status_code, answer.json()["next"]) == (200, address)
    seen = table.client.get(f"{address}/photo.jpg")
    assert seen.headers["content-type"] == "image/jpeg"
    assert len(seen.content) < len(jpeg(1600, 1200))
    assert f"{address}/photo.jpg" in table.client.get(address).text
    assert ("id-enroller", f"vehicle:{car.id}") in table.booth.watch.looked
    assert table.post(f"{address}/photo/drop").status_code == 303
    assert register.vehicle_photos.of(car.id) is None


def test_what_is_no_picture_is_refused_in_words(table: Table) -> None:
    car = table.booth.accounts.register.add_vehicle("辽A12345", "3-2-501", "id-enroller")
    answer = table.send(f"/enrolment/vehicles/{car.id}/photo", b"no picture")
    assert (answer.status_code, answer.json()["code"]) == (422, "picture.not_a_picture")
