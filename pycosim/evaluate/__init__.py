"""Accuracy and cost -> report: perplexity, latency, energy, figures, pages."""
