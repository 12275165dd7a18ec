from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, text, update
from structlog.testing import capture_logs

from enrollment.candidate import Subject, SubjectKind
from enrollment.database import writing
from enrollment.gallery import Gallery, PlateBook, load_gallery, load_plate_book, register_version
from enrollment.keyring import Keyring
from enrollment.register import Register
from enrollment.tables import TemplateRow
from enrollment.template import open_template
from models.errors import ModelIncompatible
from models.sighting import Embedding, FaceSighting
from tests.consents import FACE

Person = tuple[Subject, list[Embedding]]
MakeFace = Callable[..., FaceSighting]
SIZE = 4
LANES = ("east", "west")
LANES_EAST = frozenset({"east"})


def _embedding(numbers: Sequence[int]) -> Embedding:
    vector = np.array(numbers, np.float32)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


embeddings = st.lists(st.integers(-5, 5), min_size=SIZE, max_size=SIZE).filter(any).map(_embedding)
rights = st.none() | st.frozensets(st.sampled_from(LANES), min_size=1)


@st.composite
def people(draw: st.DrawFn, least: int = 0) -> list[Person]:
    count = draw(st.integers(least, 6))
    return [
        (
            Subject(f"p{number}", SubjectKind.RESIDENT, "h", draw(st.booleans()), draw(rights)),
            draw(st.lists(embeddings, min_size=1, max_size=3)),
        )
        for number in range(count)
    ]


def _brute(known: list[Person], looked: Embedding, lane: str) -> list[tuple[float, Subject]]:
    return sorted(
        (
            (max(float(np.float32(template @ looked)) for template in templates), subject)
            for subject, templates in known
            if subject.blocked or subject.may_use(lane)
        ),
        key=lambda pair: -pair[0],
    )


@given(people(), embeddings, st.sampled_from([*LANES, "unnamed"]))
def test_a_search_finds_what_comparing_with_everybody_finds(known: list[Person], looked: Embedding, lane: str) -> None:
    found = Gallery.of("m", known).search(looked, lane)
    expected = _brute(known, looked, lane)
    if not expected:
        assert found is None
        return
    assert found is not None
    assert found.searched == sum(len(faces) for who, faces in known if who.blocked or who.may_use(lane))
    assert found.score == pytest.approx(expected[0][0], abs=1e-5)
    assert {subject.id: score for score, subject in expected}[found.subject.id] == pytest.approx(found.score, abs=1e-5)
    runner_up = expected[1][0] if len(expected) > 1 else -1.0
    assert found.runner_up == pytest.approx(runner_up, abs=1e-5)
    assert found.margin == pytest.approx(found.score - found.runner_up)
    assert found.margin >= 0


@given(people(1), people(), embeddings, st.sampled_from(LANES))
def test_one_more_person_never_lowers_the_best_score(
    known: list[Person], more: list[Person], looked: Embedding, lane: str
) -> None:
    before = Gallery.of("m", known).search(looked, lane)
    renamed = [(Subject(f"q{who.id}", who.kind, "h", who.blocked, who.lanes), seen) for who, seen in more]
    after = Gallery.of("m", [*known, *renamed]).search(looked, lane)
    if before is not None:
        assert after is not None
        assert after.score >= before.score - 1e-6
        assert max(after.score, after.runner_up) >= before.runner_up - 1e-6


@given(people(), embeddings, rights, st.sampled_from([*LANES, "unnamed"]))
def test_a_blocked_person_is_found_on_every_lane(
    known: list[Person], looked: Embedding, lanes: frozenset[str] | None, lane: str
) -> None:
    blocked = Subject("blocked", SubjectKind.RESIDENT, "h", True, lanes)
    found = Gallery.of("m", [*known, (blocked, [looked])]).search(looked, lane)
    assert found is not None
    assert found.score == pytest.approx(1, abs=1e-5)
    best = {subject.id for score, subject in _brute([*known, (blocked, [looked])], looked, lane) if score > 1 - 1e-5}
    assert "blocked" in best
    assert found.subject.id in best


@given(people(), embeddings, st.sampled_from(LANES))
def test_the_order_of_people_changes_no_score(known: list[Person], looked: Embedding, lane: str) -> None:
    one, other = (Gallery.of("m", order).search(looked, lane) for order in (known, known[::-1]))
    assert (one is None) == (other is None)
    if one and other:
        assert (one.score, one.runner_up) == pytest.approx((other.score, other.runner_up), abs=1e-6)


def _one(looked: Embedding) -> Gallery:
    return Gallery.of("m", [(Subject("p", SubjectKind.RESIDENT, "h"), [looked])])


def test_a_gallery_of_one_has_a_runner_up_of_minus_one() -> None:
    looked = _embedding([1, 2, 3, 4])
    found = _one(looked).search(looked, "east")
    assert found is not None
    assert found.runner_up == -1.0


def test_an_embedding_of_another_model_is_refused() -> None:
    with pytest.raises(ModelIncompatible) as refused:
        _one(_embedding([1, 2, 3, 4])).search(_embedding([1, 2, 3]), "east")
    assert refused.value.facts == {"model": "m", "size": 3, "needed": 4}


@pytest.mark.parametrize("numbers", [[0, 0, 0, 0], [2, 0, 0, 0], [np.nan, 0, 0, 1], [np.inf, 0, 0, 0]])
def test_numbers_that_are_no_unit_vector_are_never_compared(numbers: list[float]) -> None:
    with pytest.raises(ValueError, match="unit length"):
        _one(_embedding([1, 2, 3, 4])).search(np.array(numbers, np.float32), "east")


def test_a_gallery_is_not_written_to() -> None:
    gallery = _one(_embedding([1, 2, 3, 4]))
    with pytest.raises(ValueError, match="read-only"):
        gallery.matrix[0] = 0


def test_a_loaded_gallery_knows_rights_blocks_and_faces(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace
) -> None:
    first = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", ["east"], consent=FACE)
    register.add_face(first.id, make_face(2), "m1", "t")
    second = register.add_resident("李四", "3-2-502", make_face(3), "m1", "t", ["east"], consent=FACE)
    register.block(second.id, "欠费", "t")
    gallery = load_gallery(engine, keyring, "m1")
    assert gallery.matrix.shape == (3, 128)
    assert gallery.version == register_version(engine) == 4
    for seed, lane, who in [(1, "east", first), (2, "east", first), (3, "east", second), (3, "west", second)]:
        found = gallery.search(make_face(seed).embedding, lane)
        assert found is not None
        assert found.subject.id == who.id
        assert found.score == pytest.approx(1, abs=1e-5)
        assert found.subject.lanes == {"east"}
    stranger = gallery.search(make_face(1).embedding, "west")
    assert stranger is not None
    assert stranger.subject.id == second.id
    assert stranger.subject.blocked
    assert stranger.score < 0.5


def test_templates_of_another_model_are_counted_and_left_out(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace
) -> None:
    register.add_resident("张三", "3-2-501", make_face(1), "old", "t", consent=FACE)
    register.add_resident("李四", "3-2-502", make_face(2), "new", "t", consent=FACE)
    gallery = load_gallery(engine, keyring, "new")
    assert len(gallery.subjects) == 1
    assert gallery.other_models == 1
    assert load_gallery(engine, keyring, "none").search(make_face(1).embedding, "east") is None


def test_a_template_that_does_not_open_is_reported_once_and_left_out(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace
) -> None:
    spoilt = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    register.add_resident("李四", "3-2-502", make_face(2), "m1", "t", consent=FACE)
    with writing(engine) as session:
        session.execute(update(TemplateRow).where(TemplateRow.resident_id == spoilt.id).values(sealed=b"spoilt"))
    with capture_logs() as logs:
        gallery = load_gallery(engine, keyring, "m1")
    assert gallery.unreadable == 1
    assert [subject.id == spoilt.id for subject in gallery.subjects] == [False]
    assert [line["event"] for line in logs] == ["gallery.templates_unreadable"]
    assert "张三" not in str(logs)


def test_a_template_moved_to_another_person_does_not_open(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace
) -> None:
    first = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    second = register.add_resident("李四", "3-2-502", make_face(2), "m1", "t", consent=FACE)
    with writing(engine) as session:
        session.execute(update(TemplateRow).where(TemplateRow.resident_id == first.id).values(resident_id=second.id))
    gallery = load_gallery(engine, keyring, "m1")
    assert gallery.unreadable == 1
    assert gallery.matrix.shape == (1, 128)


def test_a_template_moved_to_another_person_does_not_open_later_either(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace
) -> None:
    first = register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    second = register.add_resident("李四", "3-2-502", make_face(2), "m1", "t", consent=FACE)
    before = load_gallery(engine, keyring, "m1")
    with writing(engine) as session:
        session.execute(update(TemplateRow).where(TemplateRow.resident_id == first.id).values(resident_id=second.id))
    gallery = load_gallery(engine, keyring, "m1", before)
    assert (gallery.unreadable, gallery.matrix.shape) == (1, (1, 128))


def test_after_any_change_only_what_is_new_is_opened_and_the_gallery_is_as_if_loaded_afresh(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []

    def count(keys: Keyring, sealed: bytes, id_: str, *rest: str) -> Embedding | None:
        opened.append(id_)
        return open_template(keys, sealed, id_, *rest)

    people = [
        register.add_resident(f"居民{n}", f"1-1-{n + 101}", make_face(n), "m1", "t", consent=FACE) for n in range(6)
    ]
    gallery = load_gallery(engine, keyring, "m1")
    untouched = gallery.matrix.copy()
    first = gallery
    monkeypatch.setattr("enrollment.template.open_template", count)
    changes: list[tuple[Callable[[], object], int]] = [
        (lambda: register.add_resident("新人", "1-1-201", make_face(50), "m1", "t", consent=FACE), 1),
        (lambda: register.add_face(people[2].id, make_face(51), "m1", "t"), 1),
        (lambda: register.remove(people[0].id, "t"), 0),
        (lambda: register.block(people[4].id, "欠费", "t"), 0),
        (lambda: register.remove(people[2].id, "t"), 0),
    ]
    for change, new in changes:
        change()
        opened.clear()
        gallery = load_gallery(engine, keyring, "m1", gallery)
        assert len(opened) == new
        afresh = load_gallery(engine, keyring, "m1")
        assert gallery.version == afresh.version
        assert set(gallery.subjects) == set(afresh.subjects)
        assert _told(gallery) == _told(afresh)
        for seed in (0, 1, 2, 4, 50, 51):
            found, expected = (one.search(make_face(seed).embedding, "east") for one in (gallery, afresh))
            assert found is not None
            assert expected is not None
            assert found.subject == expected.subject
            assert (found.score, found.runner_up) == pytest.approx((expected.score, expected.runner_up), abs=1e-6)
            assert found.searched == expected.searched
    gone = [first.ids[row] not in gallery.ids for row in range(len(first.ids))]
    assert np.array_equal(first.matrix[np.invert(gone)], untouched[np.invert(gone)])
    assert not first.matrix[gone].any()


def _told(gallery: Gallery) -> dict[tuple[str, str], list[float]]:
    """Each template by its id and its resident's."""
    return {key: gallery.matrix[row].tolist() for key, row in gallery.held().items()}


@given(st.lists(st.tuples(st.integers(0, 5), embeddings) | st.integers(0, 5), max_size=40), embeddings)
def test_a_gallery_after_many_changes_finds_what_one_made_afresh_finds(
    changes: list[tuple[int, Embedding] | int], looked: Embedding
) -> None:
    people = {f"p{n}": Subject(f"p{n}", SubjectKind.RESIDENT, "h", n == 5, None if n else LANES_EAST) for n in range(6)}
    now: dict[str, list[tuple[str, Embedding]]] = {}
    gallery = Gallery.of("m", [(people["p0"], [_embedding([1, 0, 0, 0])])], ids=["t"])
    now["p0"] = [("t", _embedding([1, 0, 0, 0]))]
    for number, change in enumerate(changes):
        gone: list[int] = []
        new: list[tuple[str, str, Embedding]] = []
        if isinstance(change, int):
            gone = [row for (_, who), row in gallery.held().items() if who == f"p{change}"]
            now.pop(f"p{change}", None)
        else:
            new = [(f"t{number}", f"p{change[0]}", change[1])]
            now.setdefault(f"p{change[0]}", []).append((f"t{number}", change[1]))
        gallery = gallery.followed(people, gone, new, number, 0, 0)
    afresh = Gallery.of("m", [(people[who], [face for _, face in faces]) for who, faces in now.items()])
    for lane in ("east", "west"):
        found, expected = gallery.search(looked, lane), afresh.search(looked, lane)
        assert (found is None) == (expected is None)
        if found and expected:
            assert (found.score, found.searched) == (pytest.approx(expected.score, abs=1e-6), expected.searched)
            if abs(expected.margin) > 1e-5:
                assert found.subject == expected.subject
                assert found.runner_up == pytest.approx(expected.runner_up, abs=1e-6)


def test_two_galleries_that_follow_the_same_one_do_not_get_into_each_others_way() -> None:
    people = {name: Subject(name, SubjectKind.RESIDENT, "h") for name in ("a", "b", "c")}
    faces = dict(zip("abc", map(_embedding, ([1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0])), strict=True))
    first = Gallery.of("m", [(people["a"], [faces["a"]])], ids=["ta"])
    one, other = (first.followed(people, [], [(f"t{who}", who, faces[who])], 1, 0, 0) for who in "bc")
    for gallery, who in ((one, "b"), (other, "c")):
        found = gallery.search(faces[who], "east")
        assert found is not None
        assert (found.subject.id, found.score, found.searched) == (who, pytest.approx(1), 2)


def test_what_is_put_on_the_shelf_moves_nothing_until_there_is_no_room_left() -> None:
    faces = [_embedding(row) for row in np.eye(SIZE, dtype=int).tolist()]
    people = {f"p{n}": Subject(f"p{n}", SubjectKind.RESIDENT, "h") for n in range(200)}
    gallery = Gallery.of("m", [(people["p0"], [faces[0]])], ids=["t0"])
    moved = 0
    for number in range(1, 200):
        after = gallery.followed(people, [], [(f"t{number}", f"p{number}", faces[number % SIZE])], number, 0, 0)
        moved += not np.shares_memory(gallery.matrix, after.matrix)
        gallery = after
    assert moved == 3
    assert gallery.everywhere.templates == 200


def test_a_gallery_of_another_model_lends_nothing(
    register: Register, engine: Engine, keyring: Keyring, make_face: MakeFace
) -> None:
    register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    before = load_gallery(engine, keyring, "m1")
    register.add_resident("李四", "3-2-502", make_face(2), "m2", "t", consent=FACE)
    assert len(load_gallery(engine, keyring, "m2", before).subjects) == 1


def test_the_wrong_key_leaves_nobody_and_counts_everybody(
    register: Register, engine: Engine, make_face: MakeFace
) -> None:
    register.add_resident("张三", "3-2-501", make_face(1), "m1", "t", consent=FACE)
    gallery = load_gallery(engine, Keyring(bytes(32)), "m1")
    assert (len(gallery.subjects), gallery.unreadable) == (0, 1)
    assert gallery.search(make_face(1).embedding, "east") is None


def test_the_plate_book_finds_exact_plates_however_they_are_written(register: Register, engine: Engine) -> None:
    known = register.add_vehicle("辽A12345", "3-2-501", "t", lanes=["east"])
    register.add_vehicle("辽AD12345", "3-2-502", "t", blocked_reason="占用消防通道")
    book = load_plate_book(engine)
    assert book.version == 2
    for plate in ("辽A12345", "辽a·12345", " 辽A 12345 "):
        subject = book.find(plate)
        assert subject is not None
        assert (subject.id, subject.kind, subject.lanes) == (known.id, SubjectKind.VEHICLE, {"east"})
    blocked = book.find("辽AD12345")
    assert blocked is not None
    assert blocked.blocked
    assert book.find("辽A12346") is None
    assert PlateBook({}).find("") is None


def test_the_version_of_the_register_is_read_from_one_row(engine: Engine) -> None:
    with writing(engine) as session:
        session.execute(text("UPDATE register_version SET version = 41"))
    assert register_version(engine) == 41
