"""The loop: what is random follows from the step, whatever interrupts; what cannot go on says so."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: pip install 'pycosim-spice[train]'")

from pycosim.errors import ConfigurationError, InputError, StoreError  # noqa: E402
from pycosim.flows.progress import SilentProgress  # noqa: E402
from pycosim.training import loop  # noqa: E402
from pycosim.training.checkpoint import Standing  # noqa: E402
from pycosim.training.loop import Plan, train  # noqa: E402
from pycosim.training.losses import Distillation, training_loss  # noqa: E402
from pycosim.training.optimizer import LAST_RATE, learning_rate  # noqa: E402
from pycosim.training.text import drawn_windows, windows_in_a_row  # noqa: E402

PLAN = Plan(steps=8, peak=1e-2, warm_up=2)


class Line(torch.nn.Module):
    """Tokens -> logits of 5 ids."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.linspace(-1, 1, 25).reshape(5, 5))

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.weight[tokens]


def run(
    checkpoint: Path,
    *,
    before: Callable[[int], None] = lambda step: None,
    plan: Plan = PLAN,
    settings: dict[str, str] | None = None,
    minutes: float | None = None,
) -> tuple[Line, Standing]:
    model, tokens, step = Line(), torch.arange(100) * 7 % 5, iter(range(99))

    def loss_of(draws: torch.Generator) -> torch.Tensor:
        before(next(step))
        return (
            training_loss(model, drawn_windows(tokens, 6, 4, draws), None) + 0.1 * torch.randn(1, generator=draws).sum()
        )

    def judge(whole: bool) -> float:
        return float(model.weight.detach().square().sum())

    standing = train(
        model, plan, loss_of, judge, checkpoint, settings or {"peak": "high"}, SilentProgress(), minutes=minutes
    )
    return model, standing


def same(one: tuple[Line, Standing], other: tuple[Line, Standing]) -> bool:
    return torch.equal(one[0].weight, other[0].weight) and one[1] == other[1]


def test_a_training_that_dies_at_any_step_comes_to_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = run(tmp_path / "whole.pt")
    monkeypatch.setattr(loop, "SECONDS_TO_LOSE", 0.0)

    def die(step: int) -> None:
        if step == 2:
            raise MemoryError

    for _ in range(3):  # two more steps each time
        with pytest.raises(MemoryError):
            run(tmp_path / "cut.pt", before=die)
    assert same(run(tmp_path / "cut.pt"), undisturbed)
    assert same(run(tmp_path / "cut.pt"), undisturbed)  # a finished one stays as it is


def test_ctrl_c_ends_after_the_step_with_a_checkpoint(tmp_path: Path) -> None:
    def press(step: int) -> None:
        if step == 3:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "here.pt", before=press)
    assert torch.load(tmp_path / "here.pt", weights_only=True)["step"] == 4
    assert same(run(tmp_path / "here.pt"), run(tmp_path / "whole.pt"))
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_minutes_end_a_training_that_then_goes_on(tmp_path: Path) -> None:
    _, standing = run(tmp_path / "here.pt", minutes=0.0)
    assert standing.step == 1 and len(standing.losses) == 1
    assert same(run(tmp_path / "here.pt"), run(tmp_path / "whole.pt"))


def test_a_checkpoint_of_other_settings_is_refused_with_what_differs(tmp_path: Path) -> None:
    run(tmp_path / "here.pt")
    with pytest.raises(ConfigurationError, match="with peak high, not low"):
        run(tmp_path / "here.pt", settings={"peak": "low"})


@pytest.mark.parametrize("content", [b"", b"PK no zip", None])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, content: bytes | None) -> None:
    run(tmp_path / "here.pt")
    whole = (tmp_path / "here.pt").read_bytes()
    (tmp_path / "here.pt").write_bytes(whole[: len(whole) // 2] if content is None else content)
    with pytest.raises(InputError, match="no whole checkpoint"):
        run(tmp_path / "here.pt")


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(tmp_path: Path) -> None:
    run(tmp_path / "here.pt", minutes=0.0)
    before = (tmp_path / "here.pt").read_bytes()
    (tmp_path / "here.pt.part").mkdir()
    with pytest.raises(StoreError, match="the one before is kept"):
        run(tmp_path / "here.pt")
    assert (tmp_path / "here.pt").read_bytes() == before


def test_a_loss_that_is_not_finite_ends_the_training(tmp_path: Path) -> None:
    model = Line()
    with pytest.raises(InputError, match="loss of step 1 is nan; try a smaller --peak"):
        train(
            model,
            PLAN,
            lambda draws: model.weight.sum() * float("nan"),
            lambda whole: 0.0,
            tmp_path / "here.pt",
            {},
            SilentProgress(),
        )


def test_the_rate_goes_up_in_a_line_and_down_to_a_hundredth() -> None:
    rates = [learning_rate(step, 100, 2.0, 10) for step in range(101)]
    assert rates[0] == pytest.approx(0.2) and rates[9] == rates[10] == 2.0
    assert rates[55] == pytest.approx(2.0 * (LAST_RATE + 1) / 2)  # the middle of the cosine
    assert rates[100] == pytest.approx(2.0 * LAST_RATE)


def test_a_student_that_is_its_teacher_has_no_distance_and_a_mix_is_a_mix() -> None:
    model, windows = Line(), drawn_windows(torch.arange(100) % 5, 6, 4, torch.Generator().manual_seed(0))
    teacher = Line().requires_grad_(False)
    alone = training_loss(model, windows, None).detach()
    distance = training_loss(model, windows, Distillation(teacher=teacher)).detach()
    assert float(distance) == pytest.approx(0.0, abs=1e-6)
    mixed = training_loss(model, windows, Distillation(teacher=teacher, share=0.25)).detach()
    assert float(mixed) == pytest.approx(0.75 * float(alone), rel=1e-5)


def test_windows_in_a_row_cover_the_text_once() -> None:
    rows = windows_in_a_row(torch.arange(20), 6)
    assert rows[:, 1:].flatten().tolist() == list(range(1, 19))
    assert len(windows_in_a_row(torch.arange(20), 6, most=2)) == 2
