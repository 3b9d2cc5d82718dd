"""Tests of the reference: a worked value, central differences, torch in float64, published properties."""
