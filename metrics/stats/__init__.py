"""Statistics as pure functions on numbers and arrays. Knows no table and no KPI."""
