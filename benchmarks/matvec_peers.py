"""The contenders of benchmarks/matvec.py, one process of them; run by it, in this or in the peers' environment.

Reads one JSON object a line and answers with one: `{"list": true}` -> what there is and why the rest is not;
`{"peer", "shape", "batch", "threads", "seconds"}` -> seconds of one product, the mean of as many as fill that time.
Needs NumPy; whatever else a contender needs it imports itself.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

INPUT_STEPS = 127  # between the lowest and the highest input, 0 .. 1
OUTPUT_COUNTS = 127  # of the largest output, the sign apart
NOISE_COUNTS = 1.0  # standard deviation of a conversion
WEIGHT_ERROR = 0.01  # of the largest weight
RANGE_SIGMAS = 5.0  # the largest output, in standard deviations of the outputs of random operands

Product = Callable[[], object]


class Operands:
    """Weights and inputs of one case, the same in every process."""

    def __init__(self, shape: tuple[int, int], batch: int, threads: int) -> None:
        rng = np.random.default_rng((0, *shape, batch))
        self.n_in, self.n_out = shape
        self.threads = threads
        self.weights = rng.uniform(-1, 1, shape).astype(np.float32)
        self.weights.flat[:2] = -1, 1  # the largest magnitude is 1
        self.inputs = rng.uniform(0, 1, (batch, self.n_in)).astype(np.float32)
        self.full = RANGE_SIGMAS * math.sqrt(self.n_in / 9)  # 1/3 is the mean square of weights and of inputs
        error = rng.normal(scale=WEIGHT_ERROR, size=shape)
        self.written = (self.weights + error).astype(np.float32)  # for peers that have no weight error of their own


def numpy_product(case: Operands) -> Product:
    return lambda: case.inputs @ case.weights


def numpy_by_hand(case: Operands) -> Product:
    """What one would write: every non-ideality as a line of NumPy."""
    rng = np.random.default_rng(0)
    unit = np.float32(case.full / OUTPUT_COUNTS)

    def run() -> object:
        steps = np.rint(np.clip(case.inputs, 0, 1) * np.float32(INPUT_STEPS)) / np.float32(INPUT_STEPS)
        counts = steps @ case.written / unit
        counts += rng.standard_normal(counts.shape, dtype=np.float32) * np.float32(NOISE_COUNTS)
        return np.clip(np.rint(counts), -OUTPUT_COUNTS, OUTPUT_COUNTS) * unit

    return run


def _pycosim(case: Operands, noise: float) -> Product:
    from pycosim.attention.published import published_cell
    from pycosim.models import (
        CellDeviation,
        ConverterSpread,
        ProductHardware,
        SignedPulse,
        voltage_sensitivity,
        write_weights,
    )

    longest, cell = 15e-9, published_cell()
    ends = cell.charge(longest, [0.0, 0.9])
    full = float(min(-ends[0], ends[1])) * case.full  # the largest weight is 1
    sensitivity = voltage_sensitivity(cell, np.linspace(0, longest, 3), np.linspace(0, 0.9, 31), step=1e-3)
    hardware = ProductHardware(
        cell=cell,
        converter=SignedPulse(saturation_charge=full, max_pulse_width=longest),
        full_charge=full,
        n_input_levels=INPUT_STEPS + 1,
        n_stored_levels=None,
        n_output_counts=OUTPUT_COUNTS,
        tile_rows=case.n_in,
        deviations=(CellDeviation(name="stored voltage", sigma=5e-3, sensitivity=sensitivity),),
        spread=ConverterSpread(charge_per_second=full / longest, charge_noise=noise * full / OUTPUT_COUNTS),
    )
    product = write_weights(case.weights, hardware, seed=0)
    return lambda: product.product(case.inputs, n_threads=case.threads)


def pycosim_noise(case: Operands) -> Product:
    return _pycosim(case, NOISE_COUNTS)


def pycosim_quiet(case: Operands) -> Product:
    return _pycosim(case, 0.0)


def torch_product(case: Operands) -> Product:
    import torch

    torch.set_num_threads(case.threads)
    inputs, weights = torch.from_numpy(case.inputs), torch.from_numpy(case.weights)
    return lambda: inputs @ weights


def _aihwkit(case: Operands, config: Any) -> Product:
    """A layer on one array: inputs and outputs of so many steps, output noise."""
    import torch
    from aihwkit.nn import AnalogLinear
    from aihwkit.simulator.parameters.enums import BoundManagementType, NoiseManagementType

    torch.set_num_threads(case.threads)
    forward = config.forward
    forward.inp_bound, forward.inp_res = 1.0, 1 / (2 * INPUT_STEPS)
    forward.out_bound, forward.out_res = case.full, 1 / (2 * OUTPUT_COUNTS)
    forward.out_noise = NOISE_COUNTS * case.full / OUTPUT_COUNTS
    forward.noise_management = NoiseManagementType.NONE
    forward.bound_management = BoundManagementType.NONE
    config.mapping.max_input_size = config.mapping.max_output_size = 0
    config.mapping.weight_scaling_omega = 0.0
    layer = AnalogLinear(case.n_in, case.n_out, bias=False, rpu_config=config)
    layer.set_weights(torch.from_numpy(case.written.T.copy()))
    layer.eval()
    inputs = torch.from_numpy(case.inputs)

    def run() -> object:
        with torch.no_grad():
            return layer(inputs)

    return run


def aihwkit_torch(case: Operands) -> Product:
    from aihwkit.simulator.configs import TorchInferenceRPUConfig

    return _aihwkit(case, TorchInferenceRPUConfig())


def aihwkit_cpp(case: Operands) -> Product:
    from aihwkit.simulator.configs import InferenceRPUConfig

    return _aihwkit(case, InferenceRPUConfig())


def aihwkit_lightning(case: Operands) -> Product:
    """Its output noise acts in training mode only."""
    import torch
    from aihwkit_lightning.nn import AnalogLinear
    from aihwkit_lightning.simulator.configs import TorchInferenceRPUConfig

    torch.set_num_threads(case.threads)
    config = TorchInferenceRPUConfig()
    config.forward.inp_res = 1 / (2 * INPUT_STEPS)
    config.forward.out_bound, config.forward.out_res = case.full, 1 / (2 * OUTPUT_COUNTS)
    config.forward.out_noise = NOISE_COUNTS * case.full / OUTPUT_COUNTS
    config.mapping.max_input_size = 0
    ranges = config.pre_post.input_range
    ranges.enable, ranges.learn_input_range, ranges.init_value, ranges.init_from_data = True, False, 1.0, 0
    layer = AnalogLinear(case.n_in, case.n_out, bias=False, rpu_config=config)
    layer.set_weights(torch.from_numpy(case.written.T.copy()))
    layer.train()
    inputs = torch.from_numpy(case.inputs)

    def run() -> object:
        with torch.no_grad():
            return layer(inputs)

    return run


def _crosssim(case: Operands, read_noise: float) -> Product:
    """Two balanced arrays, one read of all; its read noise acts on every device of every read."""
    from simulator import AnalogCore, CrossSimParameters

    params = CrossSimParameters()
    params.core.style = "BALANCED"
    params.core.rows_max, params.core.cols_max = case.n_in, case.n_out
    params.core.mapping.inputs.mvm.min, params.core.mapping.inputs.mvm.max = 0.0, 1.0
    device = params.xbar.device
    device.programming_error.enable = True
    device.programming_error.model = "NormalIndependentDevice"
    device.programming_error.magnitude = WEIGHT_ERROR
    if read_noise:
        device.read_noise.enable = True
        device.read_noise.model = "NormalIndependentDevice"
        device.read_noise.magnitude = read_noise
    dac, adc = params.xbar.dac.mvm, params.xbar.adc.mvm
    dac.model, dac.bits, dac.signed = "QuantizerDAC", 7, False
    adc.model, adc.bits, adc.signed = "QuantizerADC", 8, True
    adc.adc_range_option = "CALIBRATED"
    adc.calibrated_range = np.array([-case.full, case.full])
    core = AnalogCore(case.weights.T.copy(), params=params)
    inputs = case.inputs.T.copy()
    return lambda: core @ inputs


def crosssim_quiet(case: Operands) -> Product:
    return _crosssim(case, 0.0)


def crosssim_noise(case: Operands) -> Product:
    return _crosssim(case, WEIGHT_ERROR)


NON_IDEALITIES = "inputs of 128 levels, weight error, {}outputs of 255 levels"
PEERS: dict[str, tuple[Callable[[Operands], Product], str, str]] = {  # name -> maker, module that it needs, what is on
    "numpy": (numpy_product, "numpy", "none"),
    "numpy, by hand": (numpy_by_hand, "numpy", NON_IDEALITIES.format("read noise, ")),
    "pycosim": (pycosim_noise, "pycosim", NON_IDEALITIES.format("read noise, ")),
    "pycosim, no read noise": (pycosim_quiet, "pycosim", NON_IDEALITIES.format("")),
    "torch": (torch_product, "torch", "none"),
    "aihwkit, torch tile": (aihwkit_torch, "aihwkit", NON_IDEALITIES.format("read noise, ")),
    "aihwkit, C++ tile": (aihwkit_cpp, "aihwkit", NON_IDEALITIES.format("read noise, ")),
    "aihwkit-lightning": (aihwkit_lightning, "aihwkit_lightning", NON_IDEALITIES.format("read noise, ")),
    "CrossSim, no read noise": (crosssim_quiet, "simulator", NON_IDEALITIES.format("")),
    "CrossSim": (crosssim_noise, "simulator", NON_IDEALITIES.format("read noise of every device, ")),
}


def installed(module: str) -> tuple[str, str]:
    """Version of a contender's module, and why it cannot be used ("" where it can)."""
    try:
        loaded = __import__(module)
    except Exception as error:  # a peer that fails to load, however, is absent; the reason goes into the table
        return "", f"{type(error).__name__}: {error}"
    return str(getattr(loaded, "__version__", "")), ""


def answer(request: dict[str, Any], ready: dict[tuple[Any, ...], Product]) -> dict[str, Any]:
    if "list" in request:
        return {name: (*installed(module), on) for name, (_, module, on) in PEERS.items()}
    key = (request["peer"], *request["shape"], request["batch"], request["threads"])
    if key not in ready:
        ready[key] = PEERS[request["peer"]][0](Operands(tuple(request["shape"]), request["batch"], request["threads"]))
        ready[key]()
        ready[key]()
    run, count, start = ready[key], 0, time.perf_counter()
    while (elapsed := time.perf_counter() - start) < request["seconds"] or not count:
        run()
        count += 1
    return {"seconds": elapsed / count}


def main() -> None:
    ready: dict[tuple[Any, ...], Product] = {}
    out, sys.stdout = sys.stdout, sys.stderr  # what libraries print must not come between the answers
    for line in sys.stdin:
        try:
            reply = answer(json.loads(line), ready)
        except Exception as error:  # reported for this contender; the others go on
            reply = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(reply), file=out, flush=True)


if __name__ == "__main__":
    main()
