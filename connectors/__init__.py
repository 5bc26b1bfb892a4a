"""Pull vendors' data into canonical rows. Knows no KPI."""
