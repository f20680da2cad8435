import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pycosim.errors import InputError
from pycosim.transformer.tokenizer import ByteTokenizer


@given(st.text())
def test_decode_undoes_encode(text: str) -> None:
    tokenizer = ByteTokenizer()
    tokens = tokenizer.encode(text)
    assert tokens.shape == (len(text.encode()),)
    assert tokenizer.decode(tokens) == text


def test_a_token_is_a_byte() -> None:
    np.testing.assert_array_equal(ByteTokenizer().encode("Aµ\r\n"), [65, 0xC2, 0xB5, 13, 10])


def test_a_cut_character_becomes_the_replacement_character() -> None:
    assert ByteTokenizer().decode(np.array([65, 0xC2])) == "A\ufffd"


@pytest.mark.parametrize("tokens", [[-1, 3], [256], [[65, 66]]])
def test_ids_that_are_not_one_row_of_bytes_are_refused(tokens: list[int]) -> None:
    with pytest.raises(InputError, match=r"byte ids 0 \.\. 255"):
        ByteTokenizer().decode(np.array(tokens))
