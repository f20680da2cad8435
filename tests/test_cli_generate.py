"""`pycosim generate` as a user types it."""

import pytest
from typer.testing import CliRunner, Result

from pycosim.cli import app


def typed(*words: str) -> Result:
    return CliRunner().invoke(app, ["generate", *words])


def test_the_prompt_and_what_follows_are_printed() -> None:
    result = typed("def main(", "--tokens", "5")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("def main(")
    assert "5 tokens" in result.stderr


def test_a_seed_repeats_a_text() -> None:
    words = ("def main(", "--tokens", "8", "--temperature", "1", "--seed", "4")
    assert typed(*words).stdout == typed(*words).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "needs a prompt"),
        (("a", "--attention", "both"), "needs the models of a run"),
        (("a", "--attention", "linear", "--model", "softmax"), "trained for the hardware"),
        (("a", "--model", "absent"), "no weights file 'absent'"),
        (("a", "--temperature", "-1"), "temperature must be at least 0"),
        (("a", "--model", "."), "has no config.json"),
    ],
)
def test_an_error_is_one_sentence_before_any_text(words: tuple[str, ...], message: str) -> None:
    result = typed(*words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert not result.stdout.strip()
