"""What training goes by: gradients of the linear hardware, straight through levels, and through measured hardware."""

from __future__ import annotations

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'pycosim-spice[train]'")

from pycosim.attention.analog import factored_arrays  # noqa: E402
from pycosim.attention.digital_tokens import DigitalTokens  # noqa: E402
from pycosim.attention.hardware import AttentionHardware  # noqa: E402
from pycosim.attention.published import published_models  # noqa: E402
from pycosim.errors import ConfigurationError, InputError  # noqa: E402
from pycosim.training.cells import CellVariation  # noqa: E402
from pycosim.training.gradient_check import check_gradients  # noqa: E402
from pycosim.training.linear import LinearRead, Unrest  # noqa: E402
from pycosim.training.measured import MeasuredRead  # noqa: E402
from pycosim.training.quantise import LEAK, levels  # noqa: E402

PAPER = AttentionHardware(token_period=0.0)
SMALL = AttentionHardware(token_period=0.0, tile=8, window=16)


def operands(n_tokens: int = 30) -> list[torch.Tensor]:
    draws = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(3, 2, 2, n_tokens, 8, generator=draws, dtype=torch.float64)).unbind()
    return [0.5 + 0.3 * q, 0.45 + 0.2 * k, 0.45 + 0.2 * v]


def gradients(read: LinearRead | MeasuredRead, at: list[torch.Tensor]) -> list[torch.Tensor]:
    leaves = [x.clone().requires_grad_() for x in at]
    return list(torch.autograd.grad(read(*leaves).square().sum(), leaves))


def simple(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, hardware: AttentionHardware) -> torch.Tensor:
    """The linear hardware without levels, one product for all tokens, for a text that fits the window."""
    n = q.shape[-2]
    keys, values = (k.clamp(0, 0.9) - 0.45) * (19.3 / 80), (v.clamp(0, 0.9) - 0.45) * (19.3 / 40)
    phi = (q.clamp(0, 1) @ keys.mT).clamp(0, 1)
    phi = phi.tril() if hardware.causal else phi
    tiles = range(0, n, hardware.tile)
    return sum((phi[..., t : t + hardware.tile] @ values[..., t : t + hardware.tile, :]).clamp(-1, 1) for t in tiles)


@pytest.mark.parametrize(
    "hardware",
    [
        PAPER,
        SMALL,
        replace(SMALL, causal=False),
        replace(PAPER, signed_queries=True),
        replace(PAPER, rows_per_feature=8),
    ],
)
def test_gradients_are_those_of_finite_differences(hardware: AttentionHardware) -> None:
    found = check_gradients(hardware)
    assert found.linear < 1e-6 and found.measured < 1e-12  # 1e-9 of steps of 1e-6 in double precision; the same numbers


@pytest.mark.parametrize("causal", [True, False])
def test_gradients_are_those_of_autograd_where_nothing_is_clipped(causal: bool) -> None:
    hardware = AttentionHardware(
        token_period=0.0,
        tile=8,
        window=32,
        causal=causal,
        n_input_levels=None,
        n_stored_levels=None,
        n_output_counts=None,
    )
    at = [x.clamp(low, high) for x, low, high in zip(operands(), (0.05, 0.05, 0.05), (0.95, 0.85, 0.85), strict=True)]
    at[2] = 0.45 + 0.05 * (
        at[2] - 0.45
    )  # the second converter is not clipped, so that nothing leaks; scores are, as they will
    leaves = [x.clone().requires_grad_() for x in at]
    wanted = torch.autograd.grad(simple(*leaves, hardware).square().sum(), leaves)
    for a, b in zip(gradients(LinearRead(hardware), at), wanted, strict=True):
        assert (a - b).abs().max() < 1e-12 * b.abs().max()


def test_levels_round_forward_and_let_gradients_through() -> None:
    x = torch.tensor([-0.2, 0.1, 0.52, 1.3], requires_grad=True)
    found = levels(x, 0.0, 1.0, 6, origin=0.2, gain=2.0)
    assert torch.allclose(found, 2 * (torch.tensor([0.0, 0.0, 0.6, 1.0]) - 0.2), atol=1e-6)
    found.sum().backward()
    assert torch.allclose(x.grad, 2 * torch.tensor([LEAK, 1.0, 1.0, LEAK]))


def test_measured_hardware_has_the_gradient_of_the_linear_one_and_its_own_values() -> None:
    arrays = factored_arrays(published_models(), SMALL)
    measured, linear = MeasuredRead(arrays, 2, 0), LinearRead(SMALL)
    at = operands()
    assert (measured(*at) - linear(*at)).abs().max() > 0.06  # a count of 15
    weights = torch.rand(at[0].shape, dtype=torch.float64)
    found, wanted = (
        torch.autograd.grad((read(*leaves) * weights).sum(), leaves)
        for read in (measured, linear)
        for leaves in ([x.clone().requires_grad_() for x in at],)
    )
    assert all(torch.equal(a, b) for a, b in zip(found, wanted, strict=True))


def test_what_is_random_follows_from_the_generator_alone() -> None:
    read = LinearRead(PAPER, variation=CellVariation.spread(1.0), unrest=Unrest(cells=0.1, scores=0.02, read_outs=0.02))
    at, found = operands(), []
    still = read(*at)
    for seed in (1, 1, 2):
        read.draws = torch.Generator().manual_seed(seed)
        found.append(read(*at))
    assert torch.equal(found[0], found[1]) and not torch.equal(found[0], found[2])
    assert torch.equal(still, LinearRead(PAPER)(*at))  # without a generator the hardware is as it is


def test_noise_of_the_converters_has_the_deviation_that_was_asked_for() -> None:
    quiet = AttentionHardware(token_period=0.0, n_output_counts=None)
    at = [operands(64)[0], torch.full((2, 2, 64, 8), 0.45).double(), torch.full((2, 2, 64, 8), 0.45).double()]
    read = LinearRead(quiet, unrest=Unrest(read_outs=0.05))
    read.draws = torch.Generator().manual_seed(0)
    found = read(*at)  # keys and values of zero weight: nothing but the noise of one tile
    assert found.std() == pytest.approx(0.05, rel=0.05)  # 2048 numbers


def test_more_tokens_than_a_window_that_all_see_and_digital_tokens_are_refused() -> None:
    with pytest.raises(InputError, match="30 tokens and a window of 16"):
        LinearRead(replace(SMALL, causal=False))(*operands())
    with pytest.raises(ConfigurationError, match="digital"):
        LinearRead(replace(SMALL, digital=DigitalTokens(first=1)))
