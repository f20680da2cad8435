"""MODELS TRAVEL: behavioural models as circuit blocks (ngspice, Verilog-A) and as plain arrays (npz, csv)."""

from pycosim.export.block import Block
from pycosim.export.folder import TOLERANCE, Circuit, Form, circuit_of, export_models
from pycosim.export.ngspice import ngspice_text, replace_subcircuit
from pycosim.export.plain import csv_text, load_plain, npz_bytes
from pycosim.export.source import Source, provenance, read_source, read_sources
from pycosim.export.veriloga import table_files, verilog_a_text

__all__ = [
    "TOLERANCE",
    "Block",
    "Circuit",
    "Form",
    "Source",
    "circuit_of",
    "csv_text",
    "export_models",
    "load_plain",
    "ngspice_text",
    "npz_bytes",
    "provenance",
    "read_source",
    "read_sources",
    "replace_subcircuit",
    "table_files",
    "verilog_a_text",
]
