"""Warehouse (facts pulled from vendors) and ledger (what people write). Knows no vendor and no KPI."""
