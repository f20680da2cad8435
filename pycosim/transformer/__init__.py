"""ATTENTION -> LOGITS: transformers in NumPy that receive their attention as an argument and import none."""
