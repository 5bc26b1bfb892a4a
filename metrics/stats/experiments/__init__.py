"""Randomised tests from aggregates: effects, intervals, checks. Pure functions; knows no file, table or KPI."""
