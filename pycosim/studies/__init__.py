"""One question about the hardware per file: what is simulated, and the figures, tables and plots that answer it."""
