"""Circuit-level co-simulation of analog attention: from ngspice netlists to a transformer's accuracy and cost.

The parts, each a package and each an arrow of one sentence (`docs/design.md`):

    waveforms    waveform -> number                     models       behavioural models with a domain
    spice        netlist -> waveforms                   fitting      dataset -> model
    sweeps       testbench -> dataset                   attention    models -> attention
    evaluate     accuracy and cost -> report            transformer  attention -> logits
    flows        the whole sentence, once per analog system

Circuits and testbenches are in the package `circuits`.
"""
