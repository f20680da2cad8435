import hashlib
from importlib.resources import files

import pytest

from pycosim.transformer.corpus import HELD_OUT_NAME, load_held_out_text
from pycosim.transformer.tokenizer import ByteTokenizer
from pycosim.transformer.weights import load_weights, shipped_names


@pytest.fixture
def text() -> str:
    if not files("pycosim.transformer").joinpath("shipped", HELD_OUT_NAME).is_file():
        pytest.skip("the shipped text is not there yet: run the scripts in training/")
    return load_held_out_text()


def test_the_held_out_text_is_prose_of_some_length(text: str) -> None:
    assert ByteTokenizer().encode(text).size > 16 * 1024
    assert text.count(" ") > len(text) / 20
    assert "\ufffd" not in text


@pytest.mark.parametrize("name", shipped_names())
def test_the_held_out_text_is_the_one_that_the_weights_name(text: str, name: str) -> None:
    digest = hashlib.sha256(text.encode()).hexdigest()
    assert digest == load_weights(name).metadata["held_out_text_sha256"]
