"""The command line: kpi COMMAND. Turns deliberate errors into one message and an exit code."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from commands.backup import backup, restore
from commands.common import Home, say
from commands.definitions import check, schema, tables
from commands.demo import demo, vendors
from commands.doctor import doctor
from commands.query import query
from commands.schedule import schedule
from commands.serve import serve
from commands.status import status
from commands.sync import example, sync
from errors import DashboardError
from settings import spare_loopback_the_proxy

app = typer.Typer(
    name="kpi",
    help="One dashboard on which marketing, development and leadership see the same numbers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def root(home: Home = None) -> None:
    """Options before the command hold for it, too."""


for command in (demo, sync, query, check, tables, doctor, status, serve, backup, restore):
    app.command()(command)
app.command("sandbox", hidden=True)(vendors)
app.command("schedule", hidden=True)(schedule)
app.command("schema", hidden=True)(schema)
app.command("example", hidden=True)(example)


@app.command("test")
def tests() -> None:
    """Run the test suite (the launcher does it: ./kpi test)."""
    say("Run the tests with the launcher: ./kpi test")
    raise typer.Exit(2)


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
