"""Testbenches: a circuit with its stimuli, one analysis and its probes; one file per family."""
