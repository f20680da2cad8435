import pickle
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from pycosim.errors import ConfigurationError, InputError
from pycosim.transformer.parameters import RECORDED, SCALED
from pycosim.transformer.weights import Gpt2Config, Weights, load_weights, shipped_names

Arrays = dict[str, np.ndarray]
HEADER = {
    "n_layer": "2",
    "n_head": "3",
    "d_head": "4",
    "n_ctx": "16",
    "n_vocab": "11",
    "tokenizer": "byte",
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "model.safetensors"


def of_signals(signals: Iterable[str], *parts: str) -> Arrays:
    names = [f"h.{i}.attn.{signal}.{part}" for i in range(2) for signal in signals for part in parts]
    return {name: np.full(3, i, np.float32) for i, name in enumerate(names)}


SCALERS = of_signals([f"scale_{signal}" for signal in SCALED], "a", "b")
STATISTICS = of_signals(RECORDED, "mean", "std")


def refused(path: Path, arrays: Arrays, message: str, header: dict[str, str] = HEADER) -> None:
    save_file(arrays, path, metadata=header)
    with pytest.raises(InputError, match=message):
        load_weights(path)


def test_a_saved_file_comes_back_unchanged(path: Path, arrays: Arrays) -> None:
    save_file(arrays, path, metadata=HEADER)
    weights = load_weights(path)
    assert weights.config == Gpt2Config(n_layer=2, n_head=3, d_head=4, n_ctx=16, n_vocab=11)
    assert weights.config.d_model == 12
    assert dict(weights.metadata) == {"tokenizer": "byte"}
    assert not weights.has_scalers and not weights.has_statistics
    for name, array in arrays.items():
        np.testing.assert_array_equal(weights[name], array)


def test_a_path_may_be_text(path: Path, arrays: Arrays) -> None:
    save_file(arrays, path, metadata=HEADER)
    assert load_weights(str(path)).config.n_layer == 2


def test_loaded_arrays_cannot_be_written(path: Path, arrays: Arrays) -> None:
    save_file(arrays, path, metadata=HEADER)
    with pytest.raises(ValueError, match="read-only"):
        load_weights(path)["wte.weight"][0] = 0


def test_weights_travel_to_a_worker_process(weights: Weights) -> None:
    copy = pickle.loads(pickle.dumps(weights))
    assert copy.config == weights.config
    np.testing.assert_array_equal(copy["wte.weight"], weights["wte.weight"])


def test_scalers_and_statistics_are_found_by_layer_and_signal(path: Path, arrays: Arrays) -> None:
    save_file(arrays | SCALERS | STATISTICS, path, metadata=HEADER)
    weights = load_weights(path)
    assert weights.has_scalers and weights.has_statistics
    assert [x[0] for x in weights.scaler(1, "k")] == [10, 11]
    assert [x[0] for x in weights.statistics(0, "scale_out")] == [6, 7]
    assert [x[0] for x in weights.statistics(1, "read_v")] == [22, 23]


@pytest.mark.parametrize(("layer", "signal"), [(0, "q"), (2, "q"), (0, "score")])
def test_absent_scalers_are_refused(weights: Weights, layer: int, signal: str) -> None:
    with pytest.raises(InputError, match=rf"have no h\.{layer}\.attn\.scale_{signal}\.a"):
        weights.scaler(layer, signal)


def test_a_missing_name_is_refused(path: Path, arrays: Arrays) -> None:
    del arrays["h.1.mlp.c_fc.bias"]
    refused(path, arrays, r"missing h\.1\.mlp\.c_fc\.bias; unknown none")


def test_an_extra_name_is_refused(path: Path, arrays: Arrays) -> None:
    refused(path, arrays | {"h.2.ln_1.weight": arrays["ln_f.bias"]}, r"unknown h\.2\.ln_1\.weight")


def test_an_incomplete_set_of_scalers_is_refused(path: Path, arrays: Arrays) -> None:
    some = {name: array for name, array in SCALERS.items() if name != "h.1.attn.scale_v.b"}
    refused(path, arrays | some, r"missing h\.1\.attn\.scale_v\.b")


def test_an_incomplete_set_of_statistics_is_refused(path: Path, arrays: Arrays) -> None:
    some = {name: array for name, array in STATISTICS.items() if name != "h.0.attn.read_k.std"}
    refused(path, arrays | some, r"missing h\.0\.attn\.read_k\.std")


def test_statistics_may_lack_all_that_was_read(path: Path, arrays: Arrays) -> None:
    scaled = of_signals([f"scale_{signal}" for signal in SCALED], "mean", "std")
    save_file(arrays | scaled, path, metadata=HEADER)
    assert load_weights(path).has_statistics
    with pytest.raises(InputError, match=r"no h\.0\.attn\.read_k\.mean"):
        load_weights(path).statistics(0, "read_k")


def test_calibration_tokens_come_back_as_ids(path: Path, arrays: Arrays) -> None:
    tokens = np.arange(10, dtype=np.uint8).reshape(2, 5)
    save_file(arrays | {"calibration.tokens": tokens}, path, metadata=HEADER)
    found = load_weights(path).calibration_tokens
    assert found is not None and found.dtype == np.int64
    np.testing.assert_array_equal(found, tokens)


@pytest.mark.parametrize("tokens", [np.arange(5), np.full((2, 5), 11), np.zeros((2, 17))])
def test_unusable_calibration_tokens_are_refused(path: Path, arrays: Arrays, tokens: np.ndarray) -> None:
    ids = tokens.astype(np.uint8)
    refused(path, arrays | {"calibration.tokens": ids}, r"calibration tokens must be ids 0 \.\. 10")


def test_a_prefix_is_refused_with_the_first_five_names(path: Path, arrays: Arrays) -> None:
    refused(path, {f"transformer.{name}": array for name, array in arrays.items()}, "and 23 more; unknown")


def test_a_transposed_projection_is_refused(path: Path, arrays: Arrays) -> None:
    name = "h.0.attn.c_attn.weight"
    refused(
        path,
        arrays | {name: np.ascontiguousarray(arrays[name].T)},
        r"c_attn\.weight must be float32 of shape \(12, 36\), found float32 of shape \(36, 12\)",
    )


@pytest.mark.parametrize(("kind", "name"), [(np.float64, "F64"), (np.float16, "F16"), (np.int32, "I32")])
def test_another_type_is_refused(path: Path, arrays: Arrays, kind: type, name: str) -> None:
    refused(path, arrays | {"ln_f.bias": arrays["ln_f.bias"].astype(kind)}, f"must be F32 .*ln_f.*{name}")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_not_finite_is_refused(path: Path, arrays: Arrays, value: float) -> None:
    arrays["wpe.weight"][3, 2] = value
    refused(path, arrays, r"wpe\.weight has 1 of 192 values that are not finite")


@pytest.mark.parametrize("keep", [0, 4, 8, 100, 5000, -4])
def test_a_truncated_file_is_refused(path: Path, arrays: Arrays, keep: int) -> None:
    save_file(arrays, path, metadata=HEADER)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(InputError, match=r"model\.safetensors is not a whole safetensors file"):
        load_weights(path)


def test_a_file_of_another_format_is_refused(path: Path) -> None:
    path.write_bytes(b"\x80\x04\x95 a pickle, or any other bytes")
    with pytest.raises(InputError, match="not a whole safetensors file"):
        load_weights(path)


@pytest.mark.parametrize("text", ["", "two", "2.0", "-2", "²", "9" * 5000])
def test_a_size_that_is_no_number_is_refused(path: Path, arrays: Arrays, text: str) -> None:
    refused(path, arrays, "must give n_layer as a decimal number", HEADER | {"n_layer": text})


def test_a_size_of_zero_is_refused(path: Path, arrays: Arrays) -> None:
    save_file(arrays, path, metadata=HEADER | {"n_head": "0"})
    with pytest.raises(ConfigurationError, match=r"model\.safetensors: n_head must be at least 1, found 0"):
        load_weights(path)


def test_a_file_without_metadata_is_refused(path: Path, arrays: Arrays) -> None:
    save_file(arrays, path)
    with pytest.raises(ConfigurationError, match="must give n_layer"):
        load_weights(path)


def test_an_unknown_name_lists_the_shipped_ones() -> None:
    with pytest.raises(InputError, match=r"no weights file 'softmaxx'.*shipped name"):
        load_weights("softmaxx")


@pytest.mark.parametrize("name", shipped_names())
def test_shipped_weights_load(name: str) -> None:
    weights = load_weights(name)
    assert weights.config.n_vocab == 256
    assert weights.metadata["tokenizer"] == "byte"


def test_shipped_linear_weights_carry_what_analog_attention_needs() -> None:
    if "linear" not in shipped_names():
        pytest.skip("the shipped weights are not there yet: run the scripts in training/")
    weights = load_weights("linear")
    assert weights.has_scalers and weights.has_statistics
    assert weights.calibration_tokens is not None
    for layer in range(weights.config.n_layer):
        for signal in RECORDED:
            mean, std = weights.statistics(layer, signal)
            assert mean.shape == std.shape == (weights.config.n_head,)
            assert (std > 0).all()
