"""The vision transformer with exact, linear and analog attention into the docs.

``python benchmarks/vit.py --models RUN [--mnist FOLDER]``: docs/results/accuracy.json (key ``vit``) and the table of
docs/vit.md.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from record import ROOT, merge, table, write_table
from rich.console import Console

from pycosim.flows.classify import Classified, classifier_attention, count_right, find_classifier
from pycosim.flows.labelled_images import LabelledImages, digits, read_images
from pycosim.flows.probes import OtherHardware, choose_hardware
from pycosim.flows.progress import Progress, RichProgress

ACCURACY = ROOT / "docs" / "results" / "accuracy.json"
SOFTMAX, GAIN_CELL = "digits_softmax", "digits_gain_cell"


def rows(other: OtherHardware, mnist: Path | None, progress: Progress) -> Iterator[tuple[str, str, str, Classified]]:
    """Name of the row, weights, images, result."""
    shown: list[LabelledImages] = [digits(held_out=True)]
    if mnist is not None:
        shown.append(read_images(mnist, find_classifier(SOFTMAX).config))
    published = choose_hardware(None, "cubic")
    kinds = [
        ("exact", SOFTMAX, "exact", None),
        ("linear", GAIN_CELL, "linear", None),
        ("cubic", GAIN_CELL, "analog", published),
        ("analog", GAIN_CELL, "analog", other),
    ]
    for name, weights, kind, hardware in kinds:
        model = find_classifier(weights)
        attend = classifier_attention(model, kind, hardware, digits(held_out=False).images, progress)
        for images in shown:
            progress.stage(f"{name}: {images.name}", total=len(images.labels))
            yield name, weights, images.name, count_right(model, attend, images, progress)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, required=True, help="folder of a 'pycosim run'")
    parser.add_argument("--mnist", type=Path, help="folder with MNIST's test files")
    args = parser.parse_args()
    other = choose_hardware(args.models, None)
    assert other is not None
    with RichProgress(Console(stderr=True)) as progress:
        found = list(rows(other, args.mnist, progress))
    own = {name: result.accuracy for name, _, images, result in found if images.startswith("digits")}
    details = [
        {
            "attention": name,
            "weights": weights,
            "images": images,
            "accuracy": result.accuracy,
            "standard_error": result.standard_error,
            "n_images": result.n_images,
        }
        for name, weights, images, result in found
    ]
    merge({"vit": {**own, "hardware": other.name, "rows": details}}, ACCURACY)
    said = {"exact": "exact softmax", "linear": "linear hardware, as trained", "cubic": "published cubic cell, adapted"}
    lines = [
        (
            said.get(name, f"analog hardware ({other.name}), adapted"),
            images,
            f"{100 * result.accuracy:.2f} ± {100 * result.standard_error:.2f} %",
            result.n_images,
        )
        for name, _, images, result in found
    ]
    write_table("vit", table(("attention", "images", "right", "of"), lines))


if __name__ == "__main__":
    main()
