"""Decoding with care while somebody looks, with less work while nobody does, and hardly at all while nothing moves."""

from __future__ import annotations

from typing import Any

import av
from av.codec.context import CodecContext, Flags
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

MAX_PIXELS = 40_000_000
"""A larger picture is refused before it is decoded: eight times a 5-megapixel camera, and 120 MB as BGR."""

FILTERED = frozenset({"h264", "hevc"})
"""Codecs that smooth the edges of their blocks: a quarter of the work, and nothing that a moving thing hides behind."""

LONGEST_GROUP = 60
"""Packets of a group of pictures that are kept to decode it again: more would take longer than it is worth."""


class Codec:
    """A stream's decoder, and beside it one that leaves out the smoothing between blocks.

    The sparing one takes over at the beginning of a group of pictures, while nobody looks closely. As soon as somebody
    does, the group so far is decoded again in full, so that what is looked at is never the worse for it: 50 pictures of
    1080p take 0.2 s. In a group that is longer than `LONGEST_GROUP` this has to wait for the next one.
    Where a group's first pictures lean on the group before (open groups, as H.265 may have), those are left out at a
    change.

    At rest only the first picture of each group is decoded and the packets after it are kept. Rest begins with a group;
    at its end what was kept is decoded in full, and its newest picture is given.
    """

    def __init__(self, full: VideoCodecContext) -> None:
        """Take the decoder of a stream over, before its first packet."""
        self._full = full
        self._spares = full.name in FILTERED
        self._sparing: VideoCodecContext | None = None
        self._group: list[Packet[Any]] | None = None
        self._resting = False
        _prepare(full)

    @property
    def sparing(self) -> bool:
        """Whether pictures are decoded with less work at present."""
        return self._sparing is not None

    def decode(self, packet: Packet[Any], *, closely: bool, resting: bool = False) -> list[av.VideoFrame]:
        """The pictures that the packet gives, often one, often none. Raises what PyAV raises for broken packets."""
        if not self._spares:
            return self._full.decode(packet)
        self._remember(packet)
        if resting and (self._resting or packet.is_keyframe) and len(self._group or ()) <= LONGEST_GROUP:
            return self._rest(packet)
        if self._resting:
            self._resting = False
            return self._catch_up(self._group or [])
        if self._sparing is None:
            if closely or not packet.is_keyframe:
                return self._full.decode(packet)
            before = self._full.decode(None)
            for frame in before:
                frame.time_base = packet.time_base
            self._sparing = self._spare()
            return [*before, *self._sparing.decode(packet)]
        if closely and self._group is not None:
            return self._catch_up(self._group)
        return self._sparing.decode(packet)

    def _remember(self, packet: Packet[Any]) -> None:
        if packet.is_keyframe:
            self._group = []
        if self._group is not None:
            self._group.append(packet)
            if len(self._group) > LONGEST_GROUP and not self._resting:
                self._group = None

    def _rest(self, packet: Packet[Any]) -> list[av.VideoFrame]:
        """The picture of a packet that needs no other; one that the decoder had kept back is too old by now."""
        self._resting = True
        if not packet.is_keyframe:
            return []
        self._sparing = self._sparing or self._spare()
        self._sparing.flush_buffers()
        frames = [*self._sparing.decode(packet), *self._sparing.decode(None)]
        for frame in frames:
            frame.time_base = packet.time_base
        self._sparing.flush_buffers()
        return frames

    def _catch_up(self, group: list[Packet[Any]]) -> list[av.VideoFrame]:
        """Decode a group in full: all of its pictures but the newest have been given already, or are past."""
        self._sparing = None
        self._full.flush_buffers()
        frames: list[av.VideoFrame] = []
        for packet in group:
            frames = self._full.decode(packet)
        return frames

    def _spare(self) -> VideoCodecContext:
        codec = CodecContext.create(self._full.codec, "r")
        if not isinstance(codec, VideoCodecContext):
            raise TypeError(f"{self._full.name} is no video codec")
        codec.extradata = self._full.extradata
        _prepare(codec, skip_loop_filter="all")
        return codec


def _prepare(codec: VideoCodecContext, **options: str) -> None:
    # One thread a camera: threads over frames would keep one frame each back, and a box has more cameras than cores.
    codec.thread_count = 1
    codec.flags |= Flags.low_delay
    codec.options = {"max_pixels": str(MAX_PIXELS), **options}
