"""The search for every head's temperature."""

import numpy as np
import pytest

from pycosim.attention import Scaler, Scalers
from pycosim.errors import InputError
from pycosim.flows.query_gains import search_query_gains

STORED = Scaler.constant(2, 0.2, 0.45)
LAYER = Scalers(q=Scaler(a=np.array([1.0, 2.0]), b=np.array([0.5, 0.4])), k=STORED, v=STORED, out=STORED)


def distance(wanted: np.ndarray):
    """A loss whose best gains are known: heads do not act on each other."""

    def loss(scalers: list[Scalers]) -> float:
        gains = np.array([layer.q.a / LAYER.q.a for layer in scalers])
        return float(np.square(np.log(gains / wanted)).sum())

    return loss


def test_the_gains_of_separate_heads_are_found() -> None:
    wanted = np.array([[0.7, 1.3], [1.9, 1.0]])
    found = search_query_gains(distance(wanted), [LAYER, LAYER], n_evaluations=20)
    np.testing.assert_allclose(found.gains, wanted, rtol=2e-3)  # 1.39 of log gain x 0.618^19
    assert found.loss < 1e-5 < found.loss_before
    assert found.n_evaluations == 81
    np.testing.assert_allclose(found.scalers[1].q.a, LAYER.q.a * found.gains[1])
    assert np.array_equal(found.scalers[1].q.b, LAYER.q.b)


def test_a_head_whose_gain_is_best_keeps_it() -> None:
    found = search_query_gains(distance(np.ones((1, 2))), [LAYER], n_evaluations=6)
    assert np.array_equal(found.gains, np.ones((1, 2)))
    assert found.loss == found.loss_before == 0


def test_the_offset_scales_with_the_gain_where_asked_for() -> None:
    found = search_query_gains(distance(np.array([[0.7, 1.3]])), [LAYER], with_offset=True)
    np.testing.assert_allclose(found.scalers[0].q.b / LAYER.q.b, found.gains[0])


def test_mistakes_are_named() -> None:
    with pytest.raises(InputError, match="low"):
        search_query_gains(distance(np.ones((1, 2))), [LAYER], low=0.0)
    with pytest.raises(InputError, match="factors on the gain"):
        search_query_gains(distance(np.ones((1, 2))), [LAYER], low=2.0, high=1.0)
    with pytest.raises(InputError, match="n_evaluations"):
        search_query_gains(distance(np.ones((1, 2))), [LAYER], n_evaluations=1)
