"""kpi analyse: what moved a KPI. One command for each kind of question; a relationship is asked by its own name."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info
from typer.models import CommandInfo

ANALYSES: dict[str, str] = {
    "relationship": "relationship:analyse",
    "impact": "impact:impact",
    "delivery": "delivery:delivery",
    "experiment": "experiment:experiment",
    "forecast": "forecast:analyse_forecast",
    "why": "why:analyse_why",
}
"""Question → module:function in this folder; only the one that is asked for is imported."""
RELATIONSHIP = "relationship"


class Analyses(TyperGroup):
    """The questions by name; any other name is a KPI of type relationship."""

    def list_commands(self, _context: Any) -> list[str]:
        """Return the names of all questions, as help shows them."""
        return list(ANALYSES)

    def get_command(self, _context: Any, name: str) -> Any:
        """Return one question's command, or None when there is none of that name."""
        home = ANALYSES.get(name)
        if home is None:
            return None
        module, function = home.split(":")
        info = CommandInfo(name=name, callback=getattr(import_module(f"commands.{module}"), function))
        return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=self.rich_markup_mode)

    def resolve_command(self, context: Any, arguments: list[str]) -> Any:
        """Take 'kpi analyse speed_conversion' for 'kpi analyse relationship speed_conversion'."""
        is_kpi = bool(arguments) and arguments[0] not in ANALYSES and not arguments[0].startswith("-")
        return super().resolve_command(context, [RELATIONSHIP, *arguments] if is_kpi else arguments)


group = typer.Typer(name="analyse", cls=Analyses, help="What moved a KPI, with an interval and a grade.", no_args_is_help=True)


@group.callback()
def root() -> None:
    """What moved a KPI: an estimate with its interval and grade, or a refusal with its reason."""
