"""Putting a trained network in its place: `python -m models.training.publish starter-plate-reader reader.onnx`.

The file goes into `models/weights` and its size and SHA-256 into `catalog.toml`, after it has been run once by the
program that the catalogue names for it. A file that breaks its contract leaves everything as it was.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import tomllib
from pathlib import Path

import models
from models.catalog import Content, Model, parse
from models.open import try_out
from models.placement import place

HOME = Path(models.__path__[0])
MOST_BYTES = 12_000_000
"""All files that come with the program together stay below this, so that it installs over a slow line."""


def publish(name: str, source: Path, home: Path = HOME) -> Model:
    """Publish `source` as the shipped model `name` of the catalogue in `home`, and give the entry as it now stands.

    Raises:
        ModelsError: the catalogue has no such model, or the file is not what its program needs.
        ValueError: the model is not one that comes with the program, or all of them together grow too large.
    """
    listed = home / "catalog.toml"
    text, weights = listed.read_text("utf-8"), source.read_bytes()
    model = parse(tomllib.loads(text)).model(name)
    if not model.shipped:
        raise ValueError(f"{name} does not come with the program")
    try_out(model, weights)
    content = Content(len(weights), hashlib.sha256(weights).hexdigest())
    changed = _rewritten(text, name, content)
    catalogue = parse(tomllib.loads(changed))
    if (size := sum(one.content.bytes for one in catalogue.models if one.shipped)) > MOST_BYTES:
        raise ValueError(f"all shipped files together: {size} bytes, more than {MOST_BYTES}")
    place(io.BytesIO(weights), home / "weights" / model.file, content, lambda _have, _all: None)
    listed.write_text(changed, "utf-8")
    return catalogue.model(name)


def _rewritten(text: str, name: str, content: Content) -> str:
    """The catalogue with another content in the table of that name, and every other line as it was."""
    tables = re.split(r"(?m)^(?=\[\[)", text)
    (place_,) = (at for at, table in enumerate(tables) if f'\nname = "{name}"\n' in table)
    table = re.sub(r"(?m)^bytes = .*$", f"bytes = {content.bytes}", tables[place_])
    tables[place_] = re.sub(r"(?m)^sha256 = .*$", f'sha256 = "{content.sha256}"', table)
    return "".join(tables)


def main() -> None:
    """Publish one file from the command line."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("name", help="of the model in catalog.toml")
    words.add_argument("file", type=Path, help="the trained network, as ONNX")
    given = words.parse_args()
    model = publish(given.name, given.file)
    print(f"{model.model_id}: {model.content.bytes} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
