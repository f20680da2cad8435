"""MODEL -> ATTENTION: exact and analog attention with one signature."""

from pycosim.attention.adaptation import Adaptation, AdaptationStep, Measurement, Schedule, adapt
from pycosim.attention.analog import (
    AttentionArrays,
    analog_attention,
    analog_layers,
    dense_arrays,
    factored_arrays,
)
from pycosim.attention.digital_tokens import DigitalTokens
from pycosim.attention.exact import Attend, exact_attention, masked_softmax
from pycosim.attention.generation import AnalogSteps, ExactSteps, analog_generation
from pycosim.attention.hardware import AttentionHardware, AttentionModels, Scaler, Scalers
from pycosim.attention.imperfections import Imperfections
from pycosim.attention.linear_law import LinearLaw
from pycosim.attention.published import ideal_converters, linear_models, published_cell, published_models
from pycosim.attention.statistics import Moments, Statistics
from pycosim.attention.tile_calibration import TileCalibration, TileFit
from pycosim.attention.trace import AttentionTrace, Pulses
from pycosim.attention.window import causal_window, tile_index, token_ages

__all__ = [
    "Adaptation",
    "AdaptationStep",
    "AnalogSteps",
    "Attend",
    "AttentionArrays",
    "AttentionHardware",
    "AttentionModels",
    "AttentionTrace",
    "DigitalTokens",
    "ExactSteps",
    "Imperfections",
    "LinearLaw",
    "Measurement",
    "Moments",
    "Pulses",
    "Scaler",
    "Scalers",
    "Schedule",
    "Statistics",
    "TileCalibration",
    "TileFit",
    "adapt",
    "analog_attention",
    "analog_generation",
    "analog_layers",
    "causal_window",
    "dense_arrays",
    "exact_attention",
    "factored_arrays",
    "ideal_converters",
    "linear_models",
    "masked_softmax",
    "published_cell",
    "published_models",
    "tile_index",
    "token_ages",
]
