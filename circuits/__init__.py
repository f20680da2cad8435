"""DEVICE -> CIRCUIT -> TESTBENCH -> NETLIST: the generators, and the only place that knows PySpice's circuits."""
