"""Transformers and their data, on which the electro-optic units are scored: tasks of `electro_optic_accuracy`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pycosim.attention.exact import Attend
from pycosim.checks import Array
from pycosim.errors import ConfigurationError
from pycosim.evaluate.accuracy import Accuracy, as_language_model, perplexity
from pycosim.flows.electro_optic_accuracy import TUNED, Task, Trained, Unit
from pycosim.flows.electro_optic_config import ElectroOpticConfig
from pycosim.flows.workload import Workload
from pycosim.network.data import load_data_set
from pycosim.network.mnist import read_mnist, reduced_digits
from pycosim.transformer.classifiers import DIGITS_SPLIT, load_shipped_classifier, shipped_classifiers
from pycosim.transformer.load import load_model
from pycosim.transformer.model import LanguageModel
from pycosim.transformer.vit import Vit
from pycosim.transformer.weights import load_weights, shipped_names

SHIPPED = "shipped language model"
DIGITS = "vision transformer on digits"
MNIST = "vision transformer on MNIST, not trained on it"

UNITS_OF: dict[Trained, tuple[Unit, ...]] = {
    "softmax": ("softmax", "optmax", "optmax 2", "optmax 3"),
    "sigmoid": ("sigmoid", "optmoid"),
    "optmax": ("optmax",),
    "optmoid": ("optmoid",),
}
"""What weights are scored with: the function that they learnt, and what stands in for it."""

N_IMAGES, N_SWEPT_IMAGES = 2000, 1000
"""Of MNIST's test part: images on which the units are scored, and in sweeps."""

_BATCH = 500  # images that run together


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextTask:
    """A language model on text that it has not seen.

    Attributes:
        name: in tables.
        trained: what its weights were trained with.
        units: what it is scored with.
        model: the transformer.
        tokens: the text's ids, (n_tokens + 1,).
        n_swept: tokens in sweeps.
        metric: what its score is.
        causal: a language model attends to what came before.
    """

    name: str
    trained: Trained
    units: tuple[Unit, ...]
    model: LanguageModel
    tokens: NDArray[np.int64]
    n_swept: int
    metric: str = "perplexity"
    causal: bool = True

    def score(self, attend: Attend, *, whole: bool) -> tuple[float, Accuracy | None]:
        """Perplexity."""
        count = self.tokens.size - 1 if whole else min(self.n_swept, self.tokens.size - 1)
        found = perplexity(self.tokens, self.model, attend, n_tokens=count)
        return found.perplexity, found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageTask:
    """A vision transformer on images that it has not seen.

    Attributes:
        name: in tables.
        trained: what its weights were trained with.
        units: what it is scored with.
        model: the transformer.
        images: (n, n_channels, row, column).
        labels: (n,).
        n_swept: images in sweeps.
        metric: what its score is.
        causal: every patch attends to all.
    """

    name: str
    trained: Trained
    units: tuple[Unit, ...]
    model: Vit
    images: Array
    labels: NDArray[np.int64]
    n_swept: int
    metric: str = "accuracy"
    causal: bool = False

    def score(self, attend: Attend, *, whole: bool) -> tuple[float, Accuracy | None]:
        """Share of images whose class is found."""
        count = len(self.labels) if whole else min(self.n_swept, len(self.labels))
        n_right = 0
        for start in range(0, count, _BATCH):
            part = slice(start, min(start + _BATCH, count))
            n_right += int((self.model.logits(self.images[part], attend).argmax(axis=-1) == self.labels[part]).sum())
        return n_right / count, None


def tasks_of(workload: Workload, config: ElectroOpticConfig) -> tuple[Task, ...]:
    """Every task of a run: the shipped language model, the digits, and what the settings name.

    Weights that are tuned for a unit, and those for MNIST, are left out of a quick run.

    Args:
        workload: the shipped text, and the weights trained with softmax.
        config: sizes; folder of MNIST; another language model and its text.

    Raises:
        ConfigurationError: only one of model and text is given, or the text is too short.
        InputError: a file is missing or damaged.
    """
    if bool(config.model) != bool(config.text):
        raise ConfigurationError(
            f"a language model needs a text, found model {config.model!r} and text {config.text!r}; give both or none"
        )
    found: list[Task] = [*language_tasks(workload, config), *digit_tasks(config)]
    if config.mnist and not config.quick:
        found += mnist_tasks(Path(config.mnist))
    if config.model:
        found.append(given_task(config))
    return tuple(found)


def language_tasks(workload: Workload, config: ElectroOpticConfig) -> tuple[TextTask, ...]:
    """The shipped transformer with each of its weights: trained with softmax first."""
    return tuple(
        TextTask(
            name=SHIPPED,
            trained=trained,
            units=UNITS_OF[trained],
            model=as_language_model(workload.softmax if trained == "softmax" else load_weights(trained)),
            tokens=workload.tokens,
            n_swept=config.n_swept_tokens,
        )
        for trained in _kinds(shipped_names(), "", config)
    )


def digit_tasks(config: ElectroOpticConfig) -> tuple[ImageTask, ...]:
    """The shipped vision transformers on the digits that no training saw."""
    data = load_data_set("digits", seed=DIGITS_SPLIT)
    images = data.test_inputs.reshape(-1, 1, 8, 8)
    return tuple(
        _image_task(DIGITS, trained, images, data.test_labels, n_swept=len(images))
        for trained in _kinds(shipped_classifiers(), "digits_", config)
    )


def mnist_tasks(folder: Path) -> tuple[ImageTask, ...]:
    """The same on digits of MNIST, made as small.

    Raises:
        InputError: MNIST's files are missing or damaged.
    """
    images, labels = read_mnist(folder)
    small = reduced_digits(images[:N_IMAGES])[:, None]
    return tuple(
        _image_task(MNIST, trained, small, labels[:N_IMAGES], n_swept=N_SWEPT_IMAGES)
        for trained in UNITS_OF
        if f"digits_{trained}" in shipped_classifiers()
    )


def given_task(config: ElectroOpticConfig) -> TextTask:
    """The language model of the settings on its text.

    Raises:
        ConfigurationError: the text has not as many tokens as the settings ask for.
        InputError: the model or the text cannot be read.
    """
    model = load_model(config.model)
    count = config.n_given_tokens + 1
    try:
        text = Path(config.text).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"cannot read the text {config.text}: {error}; give a file of UTF-8") from None
    tokens = np.asarray(model.tokenizer.encode(text), dtype=np.int64)
    if tokens.size < count:
        raise ConfigurationError(
            f"{config.text} must have {count} tokens (n_given_tokens and one), found {tokens.size}; "
            "give a longer text, or ask for fewer tokens"
        )
    return TextTask(
        name=Path(config.model).name.removesuffix(".bin"),
        trained="softmax",
        units=(*UNITS_OF["softmax"], *UNITS_OF["sigmoid"]),
        model=model,
        tokens=tokens[:count],
        n_swept=config.n_given_tokens // 2,
    )


def _image_task(name: str, trained: Trained, images: Array, labels: NDArray[np.int64], *, n_swept: int) -> ImageTask:
    return ImageTask(
        name=name,
        trained=trained,
        units=UNITS_OF[trained],
        model=load_shipped_classifier(f"digits_{trained}"),
        images=images,
        labels=labels,
        n_swept=n_swept,
    )


def _kinds(shipped: Sequence[str], prefix: str, config: ElectroOpticConfig) -> list[Trained]:
    """What there are shipped weights for."""
    return [kind for kind in UNITS_OF if prefix + kind in shipped and not (config.quick and kind in TUNED)]
