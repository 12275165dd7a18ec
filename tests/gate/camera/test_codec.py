"""Decoding with less work while nobody looks, and with nothing lost once somebody does."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from gate.camera.codec import LONGEST_GROUP, Codec
from gate.camera.decoder import Decoder, Shot
from gate.camera.image import LINGER, Converter, DecodedImage, Demand
from models.sighting import Picture

GROUP = 20


def _film(folder: Path, *, pictures: int, group: int = GROUP, codec: str = "libx264", b_frames: int = 0) -> Path:
    """A textured scene through which something walks, coarse enough for the smoothing between blocks to show."""
    path = folder / "film.mkv"
    rng = np.random.default_rng(3)
    scene = rng.integers(40, 200, (12, 20, 3)).repeat(8, 0).repeat(8, 1).astype(np.uint8)
    quiet = {"x265-params": "log-level=none:open-gop=0"} if codec == "libx265" else {}
    options = {"g": str(group), "bf": str(b_frames), "crf": "38", "sc_threshold": "0", **quiet}
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=25, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 25)
        for number in range(pictures):
            shown = scene.copy()
            shown[20:60, number % 120 : number % 120 + 24] = (30, 90, 220)
            noisy = np.clip(shown + rng.normal(0, 4, shown.shape), 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(noisy, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _decoded(path: Path, closely: Sequence[bool]) -> tuple[list[Picture], list[int], list[bool]]:
    """The pictures, their timestamps, and whether each was decoded with less work; `closely` for each packet."""
    pictures, stamps, spared = [], [], []
    with av.open(str(path)) as container:
        codec = Codec(container.streams.video[0].codec_context)
        for number, packet in enumerate(container.demux(video=0)):
            frames = codec.decode(packet, closely=closely[min(number, len(closely) - 1)])
            pictures += [frame.to_ndarray(format="bgr24") for frame in frames]
            stamps += [round(float(frame.time or 0) * 25) for frame in frames]
            spared += [codec.sparing] * len(frames)
    return pictures, stamps, spared


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_what_is_looked_at_closely_is_as_if_it_had_always_been(tmp_path: Path, codec: str, b_frames: int) -> None:
    path = _film(tmp_path, pictures=90, codec=codec, b_frames=b_frames)
    expected, _, _ = _decoded(path, [True])
    closely = [not 25 <= number < 73 for number in range(90)]
    pictures, stamps, spared = _decoded(path, closely)
    assert stamps == list(range(90))
    assert not any(spared[: GROUP * 2 - 3])
    assert all(spared[GROUP * 2 + 3 : 68])
    assert not any(spared[74:])
    whole = [number for number, spare in enumerate(spared) if not spare]
    assert all(np.array_equal(pictures[number], expected[number]) for number in whole)
    assert any(not np.array_equal(pictures[number], expected[number]) for number in range(90))


def test_a_group_too_long_to_decode_again_is_waited_out(tmp_path: Path) -> None:
    path = _film(tmp_path, pictures=200, group=LONGEST_GROUP + 30)
    _, stamps, spared = _decoded(path, [number > LONGEST_GROUP + 5 for number in range(200)])
    assert stamps == list(range(200))
    assert all(spared[: LONGEST_GROUP + 30])
    assert not any(spared[LONGEST_GROUP + 30 :])


def _shots(path: Path) -> list[Shot]:
    """Every picture of a film whose colours nobody asks for until most of it is over."""
    decoder = Decoder(av.open(str(path)), "film")
    shots: list[Shot] = []
    while (more := decoder.next_shots()) is not None:
        for shot in more:
            shots.append(shot)
            assert len(shots) <= 3 * LINGER or shot.image.pixels.shape == (96, 160, 3)
    decoder.close()
    return shots


def test_a_stream_is_spared_until_its_pictures_are_asked_for_one_after_the_other(tmp_path: Path) -> None:
    path = _film(tmp_path, pictures=4 * LINGER)
    expected, _, _ = _decoded(path, [True])
    shots = _shots(path)
    same = [np.array_equal(shot.image.convert(), right) for shot, right in zip(shots, expected, strict=True)]
    assert all(same[:LINGER])
    assert not any(same[LINGER + GROUP + 5 : 3 * LINGER - 2])
    assert all(same[3 * LINGER + 5 :])


@pytest.mark.parametrize("turns", [0, 1])
def test_the_brightness_is_that_of_the_colours(tmp_path: Path, turns: int) -> None:
    with av.open(str(_film(tmp_path, pictures=1))) as container:
        image = DecodedImage(next(container.decode(video=0)), turns, Converter(), Demand())
    grey = image.pixels.astype(float) @ (0.114, 0.587, 0.299)
    luma = (image.luma.astype(float) - 16) * 255 / 219
    assert luma.shape == grey.shape == ((160, 96) if turns else (96, 160))
    assert np.abs(luma - grey).mean() < 4


def _rested(path: Path, resting: Sequence[bool]) -> tuple[list[Picture], list[int], list[int]]:
    """The pictures, their timestamps and the packet that each came with; `resting` for each packet."""
    pictures, stamps, packets = [], [], []
    with av.open(str(path)) as container:
        codec = Codec(container.streams.video[0].codec_context)
        for number, packet in enumerate(container.demux(video=0)):
            for frame in codec.decode(packet, closely=True, resting=resting[min(number, len(resting) - 1)]):
                pictures.append(frame.to_ndarray(format="bgr24"))
                stamps.append(round(float(frame.time or 0) * 25))
                packets.append(number)
    return pictures, stamps, packets


@pytest.mark.parametrize(("codec", "b_frames"), [("libx264", 2), ("libx265", 0)])
def test_at_rest_the_first_picture_of_each_group_is_given_at_once_and_no_other(
    tmp_path: Path, codec: str, b_frames: int
) -> None:
    path = _film(tmp_path, pictures=5 * GROUP, codec=codec, b_frames=b_frames)
    _, stamps, packets = _rested(path, [number >= GROUP for number in range(5 * GROUP)])
    rested = [(stamp, packet) for stamp, packet in zip(stamps, packets, strict=True) if packet >= GROUP]
    assert rested == [(group * GROUP, group * GROUP) for group in range(1, 5)]


def test_waking_gives_the_newest_picture_and_all_after_it_as_if_nothing_had_been_left_out(tmp_path: Path) -> None:
    path, woken = _film(tmp_path, pictures=5 * GROUP), 2 * GROUP + 13
    expected, _, _ = _decoded(path, [True])
    pictures, stamps, packets = _rested(path, [GROUP <= number < woken for number in range(5 * GROUP)])
    assert packets[-1] - woken == stamps[-1] - stamps[packets.index(woken)] == 5 * GROUP - 1 - woken
    assert stamps[packets.index(woken)] == woken
    awake = [(picture, expected[stamp]) for picture, stamp in zip(pictures, stamps, strict=True) if stamp >= woken]
    assert len(awake) == 5 * GROUP - woken
    assert all(np.array_equal(picture, right) for picture, right in awake)


def test_rest_begins_with_a_group_and_ends_in_one_that_is_too_long_to_be_kept(tmp_path: Path) -> None:
    long = LONGEST_GROUP + 30
    path = _film(tmp_path, pictures=2 * long, group=long)
    _, stamps, packets = _rested(path, [number >= 10 for number in range(2 * long)])
    assert stamps[:long] == list(range(long))
    assert [packet for packet in packets if packet >= long] == [long, *range(long + LONGEST_GROUP, 2 * long)]
    assert stamps[long:] == [long, *range(long + LONGEST_GROUP, 2 * long)]


def test_a_stream_rests_while_it_is_calm_and_nobody_looks_closely(tmp_path: Path) -> None:
    calm = True
    decoder = Decoder(av.open(str(_film(tmp_path, pictures=4 * LINGER))), "film", Demand(lambda: calm))
    counts = []
    while (shots := decoder.next_shots()) is not None:
        counts.append(len(shots))
        assert not (shots and decoder.left_s is not None)
        calm = len(counts) < 3 * LINGER + 7
    decoder.close()
    rest = -(-LINGER // GROUP) * GROUP
    assert counts[:rest] == [1] * rest
    assert counts[rest : 3 * LINGER] == [int(number % GROUP == 0) for number in range(rest, 3 * LINGER)]
    assert counts[3 * LINGER + 7 : 4 * LINGER] == [1] * (LINGER - 7)
