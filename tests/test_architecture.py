"""Rules of CONTRIBUTING.md that no linter checks; layers are checked by import-linter in `make check`.

Each test collects all offenders, as "file:line what", and expects none.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MOST_LINES = 300
FORBIDDEN_MODULES = {"utils", "helpers", "common", "manager", "misc"}
OPTION_BAGS = {"kwargs", "kw", "options", "opts", "params", "settings"}
SEEDED_RANDOM = {"Generator", "SeedSequence", "BitGenerator", "default_rng", "Philox"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def sources() -> dict[str, ast.Module]:
    """Path from the root to syntax tree, for every file of the two packages."""
    paths = sorted(path for package in ("pycosim", "circuits") for path in (ROOT / package).rglob("*.py"))
    return {str(path.relative_to(ROOT)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def offenders(find: Callable[[ast.AST], str | None]) -> list[str]:
    """Every node of which `find` says what is wrong."""
    return [
        f"{name}:{getattr(node, 'lineno', 1)} {wrong}"
        for name, tree in sources().items()
        for node in ast.walk(tree)
        if (wrong := find(node)) is not None
    ]


def public_definitions() -> Iterator[tuple[str, Function | ast.ClassDef]]:
    for name, tree in sources().items():
        for node in tree.body:
            if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_"):
                yield name, node


def test_there_are_sources() -> None:
    assert len(sources()) > 20


def test_a_file_is_one_idea_of_at_most_300_lines() -> None:
    lengths = {name: len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in sources()}
    assert not {name: length for name, length in lengths.items() if length > MOST_LINES}


def test_options_are_named_and_never_passed_in_a_bag() -> None:
    def find(node: ast.AST) -> str | None:
        bag = node.args.kwarg if isinstance(node, Function) else None
        return f"**{bag.arg}" if bag is not None and bag.arg in OPTION_BAGS else None

    assert not offenders(find)


def test_defaults_are_never_mutable() -> None:
    def find(node: ast.AST) -> str | None:
        defaults = [*node.args.defaults, *node.args.kw_defaults] if isinstance(node, Function) else []
        return "mutable" if any(isinstance(item, ast.List | ast.Dict | ast.Set) for item in defaults) else None

    assert not offenders(find)


def test_the_library_never_prints_and_never_runs_text() -> None:
    def find(node: ast.AST) -> str | None:
        name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        return name if name in {"print", "input", "exec", "eval", "breakpoint"} else None

    assert not offenders(find)


def test_no_function_changes_globals() -> None:
    assert not offenders(lambda node: "global" if isinstance(node, ast.Global) else None)


def test_no_import_brings_in_everything() -> None:
    def find(node: ast.AST) -> str | None:
        return "import *" if isinstance(node, ast.ImportFrom) and node.names[0].name == "*" else None

    assert not offenders(find)


def test_random_numbers_come_from_a_generator_with_a_seed() -> None:
    def find(node: ast.AST) -> str | None:
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("np.random", "numpy.random"):
            return node.attr if node.attr not in SEEDED_RANDOM else None
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("default_rng"):
            return "no seed" if not node.args and not node.keywords else None
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Philox"):
            return "no key" if not any(word.arg == "key" for word in node.keywords) else None
        return None

    assert not offenders(find)


def test_public_functions_and_classes_say_what_they_are() -> None:
    assert not [f"{name} {node.name}" for name, node in public_definitions() if not ast.get_docstring(node)]


def test_files_say_in_their_first_line_what_they_are() -> None:
    assert not [name for name, tree in sources().items() if tree.body and not ast.get_docstring(tree)]


def test_public_functions_state_what_they_return() -> None:
    functions = ((name, node) for name, node in public_definitions() if isinstance(node, Function))
    assert not [f"{name} {node.name}" for name, node in functions if node.returns is None]


def test_public_dataclasses_are_frozen() -> None:
    marks = (
        (f"{name} {node.name}", ast.unparse(mark))
        for name, node in public_definitions()
        if isinstance(node, ast.ClassDef)
        for mark in node.decorator_list
    )
    dataclasses = [(name, mark) for name, mark in marks if re.match(r"(dataclasses\.)?dataclass\b", mark)]
    assert not [name for name, mark in dataclasses if "frozen=True" not in mark]


def test_no_module_is_a_drawer_for_everything() -> None:
    assert not [name for name in sources() if Path(name).stem in FORBIDDEN_MODULES]


def test_folders_are_at_most_two_levels_deep() -> None:
    assert not [name for name in sources() if len(Path(name).parts) > 3]


def test_files_that_are_not_python_lie_in_the_packages_that_a_wheel_holds() -> None:
    assert (ROOT / "pycosim" / "evaluate" / "templates" / "report.html.j2").is_file()
    assert (ROOT / "circuits" / "technologies" / "generic28.toml").is_file()
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["pycosim", "circuits"]
