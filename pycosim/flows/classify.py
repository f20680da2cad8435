"""A vision transformer on labelled images with exact, linear or analog attention, every token seeing all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.adaptation import Adaptation, Measurement, Schedule, adapt
from pycosim.attention.analog import AttentionArrays, analog_layers, factored_arrays
from pycosim.attention.exact import Attend, exact_attention
from pycosim.attention.hardware import AttentionHardware, Scalers
from pycosim.attention.published import linear_models
from pycosim.attention.statistics import Statistics
from pycosim.attention.trace import AttentionTrace
from pycosim.errors import ConfigurationError, InputError
from pycosim.flows.adaptation import read_views
from pycosim.flows.hardware_scalers import linear_hardware, scalers_of
from pycosim.flows.labelled_images import LabelledImages
from pycosim.flows.probes import OtherHardware
from pycosim.flows.progress import Progress
from pycosim.transformer.classifiers import load_shipped_classifier, shipped_classifiers
from pycosim.transformer.load import load_classifier
from pycosim.transformer.vit import Images, Vit

BATCH: Final = 256
"""Images that run together."""
STEPS: Final = 20
"""Of the adaptation."""
N_CALIBRATION: Final = 256
"""Images that it looks at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Classified:
    """How many images were told right.

    Attributes:
        n_right: of them.
        n_images: all.
        confusion: (class, class) images by what they show and what was said.
    """

    n_right: int
    n_images: int
    confusion: NDArray[np.int64]

    @property
    def accuracy(self) -> float:
        """Share of images whose class was found."""
        return self.n_right / self.n_images

    @property
    def standard_error(self) -> float:
        """Of the accuracy, binomial."""
        return float(np.sqrt(self.accuracy * (1 - self.accuracy) / self.n_images))


def count_right(model: Vit, attend: Attend | Sequence[Attend], shown: LabelledImages, progress: Progress) -> Classified:
    """Let a vision transformer tell what images show.

    Args:
        model: from `load_classifier`.
        attend: one for all layers, or one per layer; must not be causal.
        shown: images and labels.
        progress: told of every batch.

    Raises:
        InputError: images or labels that are not the model's.
    """
    n_classes = model.config.n_classes
    if shown.labels.max(initial=0) >= n_classes:
        raise InputError(
            f"labels must be 0 to {n_classes - 1} for this model, found {int(shown.labels.max())}; give other images"
        )
    confusion = np.zeros((n_classes, n_classes), dtype=np.int64)
    for first in range(0, len(shown.labels), BATCH):
        some = slice(first, first + BATCH)
        said = model.logits(shown.images[some], attend).argmax(axis=-1)
        np.add.at(confusion, (shown.labels[some], said), 1)
        progress.advance(len(said))
    return Classified(n_right=int(np.trace(confusion)), n_images=int(confusion.sum()), confusion=confusion)


def exact_for_images() -> Attend:
    """Softmax attention of every token to all."""
    return partial(exact_attention, causal=False)


def trained_hardware(model: Vit) -> AttentionHardware:
    """The linear hardware that a vision transformer was trained for.

    Args:
        model: with scalers.

    Raises:
        ConfigurationError: it has none.
    """
    if not model.weights.has_scalers:
        raise ConfigurationError(
            "linear and analog attention need a model that was trained for the hardware and has its scalers; "
            "take the shipped one (--model digits_gain_cell), or --attention exact"
        )
    return replace(linear_hardware(model.weights, model.config.n_tokens), causal=False)


def linear_for_images(model: Vit) -> list[Attend]:
    """The linear hardware of the training, one attention per layer."""
    return analog_layers(factored_arrays(linear_models(), trained_hardware(model)), scalers_of(model))


def other_arrays(model: Vit, other: OtherHardware) -> AttentionArrays:
    """Other hardware with the sizes that a model was trained for.

    Args:
        model: with scalers.
        other: levels, longest pulse and models.
    """
    own = trained_hardware(model)
    hardware = replace(
        other.hardware,
        tile=own.tile,
        window=own.window,
        token_period=other.token_time * model.config.n_layer,
        causal=False,
    )
    return factored_arrays(other.models, hardware)


def adapt_to_images(model: Vit, arrays: AttentionArrays, images: Images, progress: Progress) -> Adaptation:
    """Move the scalers until the signals on other hardware have the moments of those on the linear hardware.

    As for texts, k and v are compared as read currents [2025 Leroux].

    Args:
        model: with scalers.
        arrays: from `other_arrays`.
        images: to calibrate on; the model may have been trained on them.
        progress: told of every step.
    """
    scalers = scalers_of(model)
    ideal = factored_arrays(linear_models(), trained_hardware(model))
    wanted = _measuring(model, ideal, images)(list(scalers))
    measure = _measuring(model, arrays, images)

    def step(tried: list[Scalers]) -> Measurement:
        progress.advance()
        return measure(tried)

    return adapt(step, scalers, wanted.statistics, schedule=Schedule(n_steps=STEPS, max_steps=STEPS))


def find_classifier(source: str) -> Vit:
    """Load a classifier by its shipped name or from a folder.

    Raises:
        InputError: there is neither, or it is damaged.
    """
    return load_shipped_classifier(source) if source in shipped_classifiers() else load_classifier(source)


def classifier_attention(
    model: Vit, kind: str, other: OtherHardware | None, calibration: Images, progress: Progress
) -> Attend | Sequence[Attend]:
    """Return the attention of a vision transformer.

    Args:
        model: from `find_classifier`.
        kind: "exact", "linear" or "analog".
        other: hardware of analog attention; None for that of the training.
        calibration: images that the scalers are adapted on.
        progress: told of the adaptation.

    Raises:
        ConfigurationError: a model that was not trained for the hardware.
    """
    if kind == "exact":
        return exact_for_images()
    if kind == "linear" or other is None:
        return linear_for_images(model)
    arrays = other_arrays(model, other)
    progress.stage("adaptation of the scalers", total=STEPS)
    adapted = adapt_to_images(model, arrays, calibration[:N_CALIBRATION], progress)
    return analog_layers(arrays, adapted.scalers)


def _measuring(model: Vit, arrays: AttentionArrays, images: Images) -> Callable[[list[Scalers]], Measurement]:
    views = read_views(arrays, linear_models().cell_k)

    def measure(scalers: list[Scalers]) -> Measurement:
        found: list[Statistics] = []

        def watch(trace: AttentionTrace) -> None:
            found.append(Statistics.of(trace, seen_as=views))

        model.logits(images, analog_layers(arrays, scalers, [watch] * len(scalers)))
        return Measurement(statistics=found)

    return measure
