"""Types of ``.model`` cards that read no file and start no program: the only ones that a deck may use.

ngspice grows: XSPICE ``filesource``, ``d_source``, ``d_state``, ``table2d`` and ``table3d`` read files,
``d_process`` of ngspice 42 starts a program and ``d_cosim`` of ngspice 44 loads a library. A list of what is
allowed stays right. Sources: ngspice manual, chapters 2.1 (model types) and 12.2 (code models).
"""

from __future__ import annotations

from typing import Final

_DEVICES: Final = """
    r res c cap l ind d npn pnp njf pjf nmf pmf nhfet phfet nmos pmos vdmos vdmosn vdmosp nsoi psoi sw
    csw ltra txl cpl urc
"""
_ANALOG_CODE_MODELS: Final = """
    gain summer mult divide limit climit ilimit pwl pwlts multi_input_pwl aswitch zener core d_dt int
    s_xfer slew hyst lcouple sine triangle square oneshot memristor cmeter lmeter capacitor inductor
    capacitoric inductoric delay potentiometer astate sidiode
"""
_DIGITAL_CODE_MODELS: Final = """
    adc_bridge dac_bridge bidi_bridge d_buffer d_inverter d_and d_nand d_or d_nor d_xor d_xnor
    d_tristate d_pullup d_pulldown d_open_c d_open_e d_dff d_jkff d_tff d_srff d_dlatch d_srlatch d_fdiv
    d_osc d_ram d_lut d_genlut d_to_real real_delay real_gain real_to_v nco
"""
_OSDI_MODELS: Final = """
    asmhemt bjt504t bsimbulk bsimbulk_va bsimcmg bsimcmg_va hicuml0va psp103va psp103tva psp103va_nqs
    r2_cmc r3_cmc vbic_4t_et_cf vbic13_4t ekv_va hisim2_va bsimsoi_va bsimimg
"""

FILELESS_MODEL_TYPES: Final = frozenset(
    " ".join((_DEVICES, _ANALOG_CODE_MODELS, _DIGITAL_CODE_MODELS, _OSDI_MODELS)).split()
)
"""Lower-case names of the allowed types."""
