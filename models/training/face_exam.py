"""How near a pupil's embeddings are to its teacher's on people that it never learned from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from models.face.alignment import align
from models.picture import load_picture
from models.training.face_network import tensor
from models.training.face_photos import Marked
from models.training.face_pool import Teacher

FAR = 1e-3


class Exam:
    """Photographs of held-out people, those with several first, at most `most` of them."""

    def __init__(self, marked: Marked, teacher: Teacher, most: int) -> None:
        people = [photo.person for photo in marked.photos]
        chosen = sorted(range(len(people)), key=lambda i: (people.count(people[i]) < 2, i))[:most]
        self._faces = np.stack([align(load_picture(marked.photos[i].file), marked.landmarks[i][0]) for i in chosen])
        self._teacher = np.stack([teacher(face)[0] for face in self._faces])
        names = np.array([people[i] for i in chosen])
        self._pairs = np.triu_indices(len(names), 1)
        self._same = names[self._pairs[0]] == names[self._pairs[1]]

    @torch.no_grad()
    def __call__(self, pupil: nn.Module) -> Mapping[str, float]:
        """`near`: the mean cosine to the teacher; `tar`: true accepts at `FAR` over all pairs, beside the teacher's."""
        rows = [pupil(tensor(self._faces[i : i + 64]))[0] for i in range(0, len(self._faces), 64)]
        mine = nn.functional.normalize(torch.cat(rows).float(), dim=1).numpy()
        near = float((mine * self._teacher).sum(1).mean())
        return {"near": near, "tar": self._tar(mine), "teacher_tar": self._tar(self._teacher)}

    def _tar(self, rows: NDArray[np.float32]) -> float:
        scores = (rows @ rows.T)[self._pairs]
        false = np.sort(scores[~self._same])[::-1]
        return float((scores[self._same] > false[int(FAR * len(false))]).mean())
