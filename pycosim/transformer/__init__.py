"""ATTENTION -> LOGITS: GPT-2 in NumPy that receives its attention as an argument and imports none."""
