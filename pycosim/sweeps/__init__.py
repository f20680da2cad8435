"""TESTBENCH -> DATASET: benches over axes, measured."""
