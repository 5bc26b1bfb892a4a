"""The impact of a release or a campaign on a KPI."""

from metrics.impact.ask import events, impacts
from metrics.impact.types import Impact, ImpactReport, Placebos, Point

__all__ = ["Impact", "ImpactReport", "Placebos", "Point", "events", "impacts"]
