"""When a face is evidence, and how sure it has to be among how many."""

from __future__ import annotations

import math

from pydantic import Field

from gate.part import Part
from models.cast import Cast
from models.catalog import UNMEASURED_STEP, BehindMask


class LivenessRules(Part):
    """Whether a known face has to look living before it opens; one that does not is asked about, never refused."""

    on: bool = Field(default=True, description="false: a picture of a resident opens as the resident does")
    live_from: float | None = Field(
        default=None, gt=0, lt=1, description="lowest mark of the liveness model; unset: the model's own"
    )


class MaskLimits(Part):
    """From which cosine the part of a face above a mask is somebody's: as in `FaceLimits`, measured on masked faces."""

    accept: float = Field(ge=-1, le=1)
    far_1e_4: float = Field(ge=-1, le=1)
    per_decade: float = Field(gt=0, le=1)


class FaceRules(Part):
    """When a face is evidence."""

    accept: float | None = Field(
        default=None,
        ge=-1,
        le=1,
        description="lowest cosine that opens, however few are enrolled; unset: the embedder's own",
    )
    false_positives: float = Field(
        default=0.01,
        gt=0,
        le=1,
        description="share of strangers that may be taken for somebody, however many are enrolled",
    )
    margin: float = Field(default=0.08, ge=0, le=2, description="lowest lead over the next person")
    masks: bool = Field(default=True, description="false: nobody is recognised behind a mask")
    min_frames: int = Field(default=3, ge=1, le=100, description="usable sightings before opening")
    min_face_px: int = Field(default=48, ge=16, le=1000, description="height of the smallest usable face")
    min_quality: float = Field(default=0.3, ge=0, le=1, description="quality of the poorest usable face")
    stranger_frames: int = Field(default=8, ge=1, le=500, description="usable sightings before saying stranger")
    stranger_after_s: float = Field(default=1.5, ge=0, le=60, description="watched for so long before saying stranger")
    unclear_after_s: float = Field(
        default=4, ge=0, le=60, description="too poorly seen for so long, the guard is asked"
    )
    repeat_s: float = Field(
        default=5,
        ge=0,
        le=600,
        description="who was decided is decided again only after being out of sight for so long",
    )

    liveness: LivenessRules = LivenessRules()

    def limits(self, cast: Cast) -> FaceLimits:
        """The same rules with the embedder's own thresholds."""
        known = cast.thresholds
        accept = known.accept if self.accept is None else self.accept
        own = {"accept": accept, "far_1e_4": known.at_1e_4, "per_decade": known.per_decade}
        masked = {"masked": self._masked(cast.embedder.behind_mask, accept - known.accept)}
        live_from = cast.live_from if self.liveness.live_from is None else self.liveness.live_from
        liveness = self.liveness.model_copy(update={"live_from": live_from})
        return FaceLimits(**self.model_dump() | own | masked | {"liveness": liveness})

    def _masked(self, behind: BehindMask | None, stricter: float) -> MaskLimits | None:
        """Those of the embedder; a site that asks more of bare faces asks as much more of masked ones."""
        if behind is None or not self.masks:
            return None
        accept = min(1.0, behind.accept + max(0.0, stricter))
        step = behind.far_1e_4 - behind.far_1e_3
        return MaskLimits(accept=accept, far_1e_4=behind.far_1e_4, per_decade=step)


class FaceLimits(FaceRules):
    """The rules that faces are decided by, with nothing left open.

    `far_1e_4` is the cosine that one of 10,000 pairs of strangers reaches, `per_decade` how much higher the one is that
    a tenth as many reach. Without `masked` nobody is known behind a mask.
    """

    accept: float = Field(ge=-1, le=1)
    far_1e_4: float = Field(default_factory=lambda known: known["accept"], ge=-1, le=1)
    per_decade: float = Field(default=UNMEASURED_STEP, gt=0, le=1)
    masked: MaskLimits | None = None

    def needed(self, searched: int, *, masked: bool = False) -> float:
        """The cosine that a face has to reach when it is compared with `searched` templates (GB/T 37078: FAR x n).

        A stranger can be taken for any of them, so each template may match only a share `false_positives` / `searched`
        of the strangers. The cosine for that share stands on the straight line of its logarithm through the two
        measured ones. With `mobilefacenet` that is 0.470 at 1e-5 and 0.507 at 3e-6, where 2.4 million pairs of LFW say
        0.468 and 0.508. It is never below `accept`, and never falls as `searched` grows. `masked` faces need what was
        measured on such ones, and infinitely much where nothing was.
        """
        if masked and self.masked is None:
            return math.inf
        own = self.masked if masked and self.masked else self
        decades = math.log10(max(searched, 1) / self.false_positives) - 4
        return min(1.0, max(own.accept, own.far_1e_4 + own.per_decade * decades))
