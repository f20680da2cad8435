"""Tests of the simulation engines."""
