"""Turn analysts' YAML into KPIs and answer questions about them. Knows no vendor and no page."""
