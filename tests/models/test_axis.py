import numpy as np
import pytest

from pycosim.errors import DomainError
from pycosim.models import OperandAxis, PulseTable


def test_lines_on_even_nodes_are_the_same_lines() -> None:
    nodes = np.array([0.0, 1.0, 1.25, 1.5, 2.0, 4.0])
    rows = np.random.default_rng(0).standard_normal((3, nodes.size))
    axis, found = OperandAxis(nodes=nodes, is_coded=False).evenly(rows)
    assert np.allclose(np.diff(axis.nodes), 0.25)
    places = np.linspace(0, 4, 1001)
    for row, even in zip(rows, found, strict=True):
        np.testing.assert_allclose(np.interp(places, axis.nodes, even), np.interp(places, nodes, row), atol=1e-12)
    np.testing.assert_allclose(
        axis.sample(list(found), places), [np.interp(places, nodes, row) for row in rows], atol=1e-12
    )


@pytest.mark.parametrize("nodes", [[0.0, 1e-6, 1.0], [0.0, 1.0, 1.3, 4.0]])
def test_lines_that_no_even_nodes_hold_stay_and_are_sampled_right(nodes: list[float]) -> None:
    """A step that is too narrow for a table, and steps without a common one."""
    axis = OperandAxis(nodes=np.array(nodes), is_coded=False)
    rows = np.random.default_rng(1).standard_normal((2, len(nodes)))
    same, found = axis.evenly(rows)
    assert same is axis and found is rows
    places = np.linspace(nodes[0], nodes[-1], 101)
    np.testing.assert_allclose(
        axis.sample(list(rows), places), [np.interp(places, nodes, row) for row in rows], atol=1e-9
    )


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_values_are_sampled_in_the_type_of_the_tables(kind: type[np.floating]) -> None:
    for nodes, coded in ((np.linspace(0, 1, 5), False), (np.linspace(0, 1, 5), True), (np.array([0.0, 1.0]), False)):
        operands = np.array([[0, 1], [1, 0]]) if coded else np.array([[0.0, 0.3], [0.9, 1.0]], dtype=kind)
        (found,) = OperandAxis(nodes=nodes, is_coded=coded).sample([nodes.astype(kind)], operands)
        assert found.dtype == kind
        np.testing.assert_allclose(found, nodes[operands] if coded else operands, atol=1e-6)


def measured() -> PulseTable:
    charges = np.linspace(-0.2e-12, 1.2e-12, 29)
    return PulseTable(charges=charges, pulse_widths=15e-9 * np.clip(charges / 1e-12, 0, 1) ** 1.1)


def test_a_measured_converter_in_lines_is_the_table_to_the_tolerance() -> None:
    table = measured()
    lines = table.in_lines(1e-6)
    charges = np.random.default_rng(0).uniform(-0.2e-12, 1.2e-12, 20_000)
    error = np.abs(lines.pulse_width(charges) - table.pulse_width(charges)).max()
    assert error <= 4e-6 * 15e-9  # the tolerance holds at the middle and quarters of a line, kinks lie between
    assert lines.pulse_width(charges.astype(np.float32)).dtype == np.float32


def test_lines_hold_where_the_table_holds() -> None:
    table = measured()
    lines = table.in_lines(1e-4)
    assert lines.domain == table.domain
    with pytest.raises(DomainError, match="charge"):
        lines.pulse_width(2e-12)
    assert lines.clips is table.clips
