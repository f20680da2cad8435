"""STUDY -> FOLDER and back: what a finished study leaves on disk, so that nothing computed is lost.

    <folder>/<study>/study.json    title, figures, tables, settings, seconds
    <folder>/<study>/<plot>.svg
    <folder>/<study>/<data>.nc

`study.json` is written last: a folder without it is an unfinished study.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pycosim.errors import InputError
from pycosim.evaluate.document import Json, strict_document, to_json
from pycosim.evaluate.drawing import for_file, render_svg
from pycosim.evaluate.write import write_text
from pycosim.studies.study import Study, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A study as it stands on disk.

    Attributes:
        name: identifier.
        title: what was asked.
        settings: everything that the study depends on, as text.
        seconds: how long it took.
        figures: key -> value in SI units.
        tables: as printed.
        plots: name -> SVG text.
    """

    name: str
    title: str
    settings: Mapping[str, str]
    seconds: float
    figures: Mapping[str, Json]
    tables: tuple[Table, ...]
    plots: Mapping[str, str]

    def markdown(self, plots_folder: str) -> str:
        """Tables and plots as Markdown; plots are linked in `plots_folder`."""
        parts = [table.markdown() for table in self.tables]
        parts += [f"![{self.title}: {name.replace('_', ' ')}]({plots_folder}/{name}.svg)\n" for name in self.plots]
        return "\n".join(parts)


def save_study(folder: Path, study: Study, settings: Mapping[str, str], seconds: float) -> Record:
    """Write a study's data, plots and figures; returns what `load_record` would.

    Raises:
        InputError: the folder cannot be written.
    """
    place = folder / study.name
    plots = {name: for_file(render_svg(figure, f"{study.name}-{name}")) for name, figure in study.plots.items()}
    document = strict_document(
        {
            "name": study.name,
            "title": study.title,
            "settings": dict(settings),
            "seconds": round(seconds, 1),
            "figures": dict(study.figures),
            "tables": [asdict(table) for table in study.tables],
            "plots": sorted(plots),
        }
    )
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, dataset in study.datasets.items():
            dataset.to_netcdf(place / f"{name}.nc", engine="scipy", format="NETCDF3_64BIT")
        for name, text in plots.items():
            write_text(place / f"{name}.svg", text)
        write_text(place / "study.json", to_json(document))
    except OSError as error:
        raise InputError(f"cannot write the study into {place}: {error}; choose another folder with --out") from error
    return load_record(folder, study.name)


def load_record(folder: Path, name: str) -> Record:
    """Read a finished study.

    Raises:
        InputError: there is none, or its file is damaged.
    """
    path = folder / name / "study.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        tables = tuple(
            Table(
                title=table["title"],
                header=tuple(table["header"]),
                rows=tuple(tuple(row) for row in table["rows"]),
                note=table["note"],
            )
            for table in data["tables"]
        )
        return Record(
            name=data["name"],
            title=data["title"],
            settings=data["settings"],
            seconds=data["seconds"],
            figures=data["figures"],
            tables=tables,
            plots={plot: (folder / name / f"{plot}.svg").read_text(encoding="utf-8") for plot in data["plots"]},
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path} is not a finished study: {error!r}; remove the folder {path.parent} and run it again"
        ) from error


def has_record(folder: Path, name: str, settings: Mapping[str, str]) -> bool:
    """Whether a finished study with the same settings is there."""
    return (folder / name / "study.json").is_file() and dict(load_record(folder, name).settings) == dict(settings)


def merged_figures(records: Mapping[str, Record]) -> dict[str, Json]:
    """The figures of all studies in one document; studies may add keys to the same table.

    Raises:
        InputError: two studies give the same key.
    """
    merged: dict[str, Json] = {}
    for record in records.values():
        _merge(merged, record.figures, record.name)
    return merged


def _merge(into: dict[str, Json], figures: Mapping[str, Json], where: str) -> None:
    for key, value in figures.items():
        present = into.get(key)
        if key not in into:
            into[key] = dict(value) if isinstance(value, dict) else value
        elif isinstance(present, dict) and isinstance(value, dict):
            _merge(present, value, f"{where}.{key}")
        else:
            raise InputError(f"two studies give the figure {where}.{key}; name one otherwise")
