"""BEHAVIOURAL MODELS: callables with a domain, NumPy only."""

from pycosim.models.activity import ColumnActivity, column_activity
from pycosim.models.analog_product import AnalogProduct, write_weights
from pycosim.models.axis import OperandAxis
from pycosim.models.cell import CellModel, LookupCell, PolynomialCell
from pycosim.models.column import ColumnRead, ColumnSurrogate, load_column, save_column
from pycosim.models.column_law import ColumnLaw
from pycosim.models.converter import ConverterModel, HardSigmoid, PulseTable, SignedPulse
from pycosim.models.decay import DecayModel, DriftTable, NoDecay, ReadDecay, StorageDecay
from pycosim.models.domain import EVERYWHERE, ClipCounter, Domain, Outside, Range
from pycosim.models.driven import DrivenCell, Transfer
from pycosim.models.io import ModelRecord, load_model, save_model
from pycosim.models.leak import LeakDecay
from pycosim.models.normal_stream import NormalStream
from pycosim.models.product_hardware import ProductHardware
from pycosim.models.quantizer import Quantizer
from pycosim.models.sampled import SampledCurve
from pycosim.models.separate import ArrayRead, DenseRead, FactoredRead, factor_read
from pycosim.models.spread import CellDeviation, ConverterSpread, SpreadRead, spread_read, voltage_sensitivity

__all__ = [
    "EVERYWHERE",
    "AnalogProduct",
    "ArrayRead",
    "CellDeviation",
    "CellModel",
    "ClipCounter",
    "ColumnActivity",
    "ColumnLaw",
    "ColumnRead",
    "ColumnSurrogate",
    "ConverterModel",
    "ConverterSpread",
    "DecayModel",
    "DenseRead",
    "Domain",
    "DriftTable",
    "DrivenCell",
    "FactoredRead",
    "HardSigmoid",
    "LeakDecay",
    "LookupCell",
    "ModelRecord",
    "NoDecay",
    "NormalStream",
    "OperandAxis",
    "Outside",
    "PolynomialCell",
    "ProductHardware",
    "PulseTable",
    "Quantizer",
    "Range",
    "ReadDecay",
    "SampledCurve",
    "SignedPulse",
    "SpreadRead",
    "StorageDecay",
    "Transfer",
    "column_activity",
    "factor_read",
    "load_column",
    "load_model",
    "save_column",
    "save_model",
    "spread_read",
    "voltage_sensitivity",
    "write_weights",
]
