"""The vision transformers that come with the package."""

from __future__ import annotations

import pytest

from pycosim.attention.electro_optic import sigmoid_weights, weighing_attention
from pycosim.attention.exact import masked_softmax
from pycosim.errors import InputError
from pycosim.network.data import load_data_set
from pycosim.transformer.classifiers import DIGITS_SPLIT, load_shipped_classifier, shipped_classifiers


@pytest.mark.parametrize(("name", "weigh"), [("softmax", masked_softmax), ("sigmoid", sigmoid_weights)])
def test_shipped_classifiers_tell_digits_that_they_have_not_seen(name: str, weigh: object) -> None:
    data = load_data_set("digits", seed=DIGITS_SPLIT)
    images = data.test_inputs.reshape(-1, 1, 8, 8)
    model = load_shipped_classifier(f"digits_{name}")
    found = model.logits(images, weighing_attention(weigh, causal=False)).argmax(axis=-1)  # type: ignore[arg-type]
    assert (found == data.test_labels).mean() >= 0.97


def test_every_shipped_classifier_loads_and_others_are_refused() -> None:
    for name in shipped_classifiers():
        config = load_shipped_classifier(name).config
        assert (config.image_size, config.n_channels, config.n_classes, config.n_tokens) == (8, 1, 10, 17)
    with pytest.raises(InputError, match="digits_softmax"):
        load_shipped_classifier("digits")
    with pytest.raises(InputError, match="digits_softmax"):
        load_shipped_classifier("../shipped/digits_softmax")
