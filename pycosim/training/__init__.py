"""ATTENTION -> WEIGHTS: hardware-aware fine-tuning in PyTorch (extra ``train``).

The transformers of `pycosim.transformer` as torch modules, the gain-cell attention with gradients, and the loop of
`pycosim finetune`. Torch is imported in this package alone, and nothing below it imports this package.
"""
