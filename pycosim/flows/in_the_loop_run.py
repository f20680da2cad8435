"""A text with ngspice in the loop, and what it leaves on disk: figures, plot, deck and waveforms of the worst read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from pycosim.errors import ConfigurationError, SimulationError
from pycosim.evaluate.accuracy import Accuracy
from pycosim.evaluate.document import strict_document, to_json
from pycosim.evaluate.drawing import for_file, render_svg
from pycosim.evaluate.write import write_text
from pycosim.flows.characterization import make_design
from pycosim.flows.evaluate import Attention, LoopResult, Subject, evaluate_in_the_loop
from pycosim.flows.evaluate_model import Answer, by_head_document
from pycosim.flows.in_the_loop_plots import plot_reads
from pycosim.flows.in_the_loop_reads import SpiceRead, SpiceReads
from pycosim.flows.in_the_loop_report import loop_document, worst_read
from pycosim.flows.progress import Progress
from pycosim.flows.saved_attention import SavedAttention, check_circuits
from pycosim.spice import NgspicePool, ngspice_version

SCHEMA_VERSION = 1
LONGEST_DECK = 600.0
"""What one read may take (s): a column takes about a second, on a machine that is busy otherwise half a minute."""

WORST = "worst"
PLOT = "reads.svg"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopSettings:
    """How a text goes through ngspice.

    Args:
        n_reads: drawn evenly over all reads of the text.
        seed: of the draw.
        replace: whether ngspice's pulses take the place of the model's.
        n_workers: simulator processes; None for one per processor.
    """

    n_reads: int
    seed: int = 0
    replace: bool = False
    n_workers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoopOutcome:
    """What a run with ngspice in the loop found.

    Attributes:
        result: accuracy, reads, effect.
        worst: the read with the largest error; None where all failed.
        deck: its file; None where it did not run again.
    """

    result: LoopResult
    worst: SpiceRead | None
    deck: Path | None


def run_in_the_loop(
    subject: Subject,
    attention: Attention,
    saved: SavedAttention,
    settings: LoopSettings,
    out: Path,
    progress: Progress,
) -> LoopOutcome:
    """Evaluate a text with reads in ngspice, at the conditions of the run that the models come from.

    Args:
        subject: transformer and text.
        attention: analog, of `saved`.
        saved: an earlier run; its technology, corner and temperature are those of the decks.
        settings: how many reads, and how.
        out: keeps every read as soon as it is done, so that the same command goes on where it was stopped; the plot;
            and in `worst/` the deck and the waveforms of the read with the largest error.
        progress: told of every read.

    Raises:
        InputError: the circuits of this installation are not those of the run, or the text causes too few reads.
        ConfigurationError: another attention than the analog one.
    """
    design = make_design(saved.circuits)
    check_circuits(saved.run, design)
    if attention.arrays is None:
        raise ConfigurationError(f"{attention.kind} attention has no circuits; use the analog one")
    hardware = attention.arrays.hardware
    with NgspicePool(n_workers=settings.n_workers, timeout=LONGEST_DECK, run_root=out / "failed") as pool:
        reads = SpiceReads(design, hardware, pool, out, progress)
        result = evaluate_in_the_loop(
            subject,
            attention,
            reads,
            progress,
            n_reads=settings.n_reads,
            seed=settings.seed,
            replace=settings.replace,
        )
        worst = worst_read(result.reads)
        if worst is None:
            return LoopOutcome(result=result, worst=None, deck=None)
        progress.stage("the worst read again, for its waveforms")
        try:
            deck, waves = reads.keep(worst, out / WORST, pool)
        except SimulationError as error:
            progress.note(f"its deck did not run again: {error}")
            return LoopOutcome(result=result, worst=worst, deck=None)
    drawing = render_svg(plot_reads(result.reads, hardware, worst, waves), "reads")
    write_text(out / PLOT, for_file(drawing))
    return LoopOutcome(result=result, worst=worst, deck=deck)


def write_evaluation(
    out: Path,
    *,
    name: str,
    attention: Attention,
    accuracy: Accuracy,
    saved: SavedAttention | None,
    loop: tuple[LoopSettings, LoopResult] | None = None,
    answer: Answer | None = None,
) -> Path:
    """Write evaluate.json into a folder.

    Args:
        out: the folder; made where absent.
        name: of transformer and text.
        attention: which.
        accuracy: found.
        saved: the run whose models were used; None for none.
        loop: settings and result, where ngspice was in the loop.
        answer: what else was asked of a model on a text.

    Returns:
        The file.
    """
    out.mkdir(parents=True, exist_ok=True)
    path = out / "evaluate.json"
    found: Mapping[str, object] | None = None
    if loop is not None and attention.arrays is not None:
        settings, result = loop
        found = {
            **loop_document(result, attention.arrays.hardware),
            "seed": settings.seed,
            "replaced": settings.replace,
            "ngspice": ngspice_version() or "unknown",
        }
    document = {
        "schema_version": SCHEMA_VERSION,
        "text": name,
        "attention": str(attention.kind),
        "models": None if saved is None else str(saved.run),
        "configuration": None if saved is None or saved.config is None else asdict(saved.config),
        "accuracy": asdict(accuracy),
        "in_the_loop": found,
        "tokens_per_second": None if answer is None else answer.tokens_per_second,
        "agreement": None if answer is None or answer.agreement is None else asdict(answer.agreement),
        "by_head": None if answer is None or answer.by_head is None else by_head_document(answer.by_head),
        "choices": None if answer is None or answer.choices is None else asdict(answer.choices),
        "pycosim": version("pycosim-spice"),
    }
    write_text(path, to_json(strict_document(document)))
    return path
