"""BEHAVIOURAL MODELS: callables with a domain, NumPy only."""

from pycosim.models.axis import OperandAxis
from pycosim.models.cell import CellModel, LookupCell, PolynomialCell
from pycosim.models.converter import ConverterModel, HardSigmoid, PulseTable, SignedPulse
from pycosim.models.decay import DecayModel, DriftTable, NoDecay, ReadDecay, StorageDecay
from pycosim.models.domain import EVERYWHERE, ClipCounter, Domain, Outside, Range
from pycosim.models.io import ModelRecord, load_model, save_model
from pycosim.models.quantizer import Quantizer
from pycosim.models.separate import ArrayRead, DenseRead, FactoredRead, factor_read

__all__ = [
    "EVERYWHERE",
    "ArrayRead",
    "CellModel",
    "ClipCounter",
    "ConverterModel",
    "DecayModel",
    "DenseRead",
    "Domain",
    "DriftTable",
    "FactoredRead",
    "HardSigmoid",
    "LookupCell",
    "ModelRecord",
    "NoDecay",
    "OperandAxis",
    "Outside",
    "PolynomialCell",
    "PulseTable",
    "Quantizer",
    "Range",
    "ReadDecay",
    "SignedPulse",
    "StorageDecay",
    "factor_read",
    "load_model",
    "save_model",
]
