"""Measurements: each against a raw baseline in the same run, told as ratios."""
