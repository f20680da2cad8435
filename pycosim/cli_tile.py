"""COMMAND of the tile solver: `pycosim tile`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pycosim.cli_messages import Debug, one_sentence


def tile(
    rows: Annotated[int, typer.Option(help="Features: rows of the array of the keys.")] = 64,
    columns: Annotated[int, typer.Option(help="Tokens: columns of the array of the keys.")] = 64,
    wire_resistance_scale: Annotated[float, typer.Option(help="Factor on the resistance of all wires.")] = 1.0,
    word_line_width: Annotated[float, typer.Option(help="Width of the word lines, over the technology's.")] = 8.0,
    bit_line_width: Annotated[float, typer.Option(help="Width of the bit lines, over the technology's.")] = 1.0,
    supply: Annotated[float | None, typer.Option(help="Supply, V.", show_default="the technology's")] = None,
    corner: Annotated[str, typer.Option(help="Process corner.")] = "tt",
    temperature: Annotated[float, typer.Option(help="Degrees Celsius.")] = 27.0,
    reads: Annotated[int, typer.Option(help="Random sets of operands.")] = 8,
    seed: Annotated[int, typer.Option(help="Seed of the operands.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Simulator processes.", show_default="one per processor")] = None,
    out: Annotated[Path, typer.Option(help="Folder of the figures and the plot.")] = Path("runs/tile"),
    debug: Debug = False,
) -> None:
    """Ask what the wires, clamps and converters of a tile cost: error by place, worst cell, table and plot."""
    with one_sentence(debug):
        from rich.console import Console
        from rich.table import Table

        from circuits.interconnect import ArrayWires
        from pycosim.evaluate.document import to_json
        from pycosim.evaluate.drawing import for_file, render_svg
        from pycosim.flows.characterization import make_design
        from pycosim.flows.config import load_config
        from pycosim.flows.progress import RichProgress
        from pycosim.spice import NgspicePool
        from pycosim.studies.study import Laboratory
        from pycosim.studies.tile_what_if import TileQuestion, ask_tile
        from pycosim.studies.tile_what_if_plots import plot_answer
        from pycosim.studies.tile_what_if_tables import answer_figures, answer_tables

        question = TileQuestion(
            n_features=rows,
            n_tokens=columns,
            wires=ArrayWires(word_line=word_line_width, bit_line=bit_line_width),
            resistance_scale=wire_resistance_scale,
            n_reads=reads,
        )
        settings = load_config(None, {"corner": corner, "temperature": temperature, "seed": seed, "n_workers": workers})
        design = make_design(settings).at(supply_voltage=supply)
        out.mkdir(parents=True, exist_ok=True)
        with (
            RichProgress(Console(stderr=True)) as progress,
            NgspicePool(n_workers=settings.n_workers, run_root=out / "failed") as pool,
        ):
            lab = Laboratory(design=design, simulator=pool, progress=progress, seed=settings.seed)
            answer = ask_tile(lab, question)
        console = Console(highlight=False)
        for table in answer_tables(answer):
            shown = Table(*table.header, title=table.title, title_justify="left", caption=table.note or None, box=None)
            for line in table.rows:
                shown.add_row(*line)
            console.print(shown)
        figures = {**answer_figures(answer), "supply_voltage": design.technology.supply_voltage, "corner": corner}
        (out / "tile.json").write_text(to_json(figures), encoding="utf-8")
        (out / "tile.svg").write_text(for_file(render_svg(plot_answer(answer), "tile")), encoding="utf-8")
        typer.echo(f"Figures and plot: {out}")
