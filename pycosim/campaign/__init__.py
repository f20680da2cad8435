"""CAMPAIGN: thousands of points of one bench, simulated anywhere, cached by content, kept in one dataset."""
