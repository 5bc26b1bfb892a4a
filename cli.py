"""The command line: kpi COMMAND. Turns deliberate errors into one message and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

from commands.common import Home, say
from errors import DashboardError
from settings import spare_loopback_the_proxy

COMMANDS = {
    "demo": "demo:demo",
    "sync": "sync:sync",
    "query": "query:query",
    "check": "definitions:check",
    "new": "authoring:new",
    "preview": "preview:preview",
    "explain": "explain:explain",
    "fmt": "authoring:fmt",
    "certify": "authoring:certify",
    "note": "note:note",
    "docs": "docs:docs",
    "tables": "definitions:tables",
    "doctor": "doctor:doctor",
    "analyse": "analyse:group",
    "status": "status:status",
    "serve": "serve:serve",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "test": "common:tests",
}
"""Command → where it is; only the one that is asked for is imported."""
HIDDEN = {
    "sandbox": "demo:vendors",
    "schedule": "schedule:schedule",
    "schema": "definitions:schema",
    "example": "sync:example",
}


class Commands(TyperGroup):
    """The commands by name, each imported when it is needed: 'kpi check' starts without a database, a vendor's library or pandas."""

    def list_commands(self, _context: Any) -> list[str]:
        """Return the names of all commands, as help shows them."""
        return [*COMMANDS, *HIDDEN]

    def get_command(self, _context: Any, name: str) -> Any:
        """Return one command, or None when there is none of that name."""
        home = COMMANDS.get(name) or HIDDEN.get(name)
        if home is None:
            return None
        module, function = home.split(":")
        found = getattr(import_module(f"commands.{module}"), function)
        if isinstance(found, typer.Typer):
            return get_group(found)
        info = CommandInfo(name=name, callback=found, hidden=name in HIDDEN)
        return get_command_from_info(info, pretty_exceptions_short=False, rich_markup_mode=self.rich_markup_mode)


app = typer.Typer(
    name="kpi",
    cls=Commands,
    help="One dashboard on which marketing, development and leadership see the same numbers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def root(home: Home = None) -> None:
    """Options before the command hold for it, too."""


def main(arguments: Annotated[list[str] | None, "without the program's name"] = None) -> int:
    """Run one command and return its exit code."""
    spare_loopback_the_proxy()
    try:
        app(args=arguments, prog_name="kpi")
    except DashboardError as error:
        say(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        say("Interrupted. What was finished before stays; run the command again to go on.")
        return 130
    except BrokenPipeError:
        return 0
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
