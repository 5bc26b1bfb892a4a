"""Says where the slip behind a YAML parser's complaint stands: often not where the parser noticed it. Knows no KPI."""

from __future__ import annotations

from ruamel.yaml.error import MarkedYAMLError


def explain(error: MarkedYAMLError, text: str) -> tuple[int, int, str]:
    """Return (line, column, words) of a syntax error; line and column count from 1."""
    problem, context = str(error.problem or "unknown").rstrip("."), str(error.context or "")
    noticed = error.problem_mark or error.context_mark
    begun = error.context_mark or noticed
    if noticed is None or begun is None:
        return 0, 0, f"{problem}."
    if "quoted scalar" in context:
        return begun.line + 1, begun.column + 1, f"{problem}. The quote that opens here is not closed."
    if "simple key" in context:
        return begun.line + 1, begun.column + 1, f"{problem}. Is the ':' after a key missing here? Example: owner: growth."
    if "flow" in context and begun.line != noticed.line:
        sign = "]" if "sequence" in context else "}"
        return begun.line + 1, begun.column + 1, f"{problem} in line {noticed.line + 1}. What opens here is not closed with '{sign}'."
    if "'\\t'" in problem:
        return noticed.line + 1, noticed.column + 1, f"{problem}. Indent with spaces, not with tabs."
    if "flow" in context:
        return noticed.line + 1, noticed.column + 1, f"{problem}. Is a comma, a bracket or a brace missing?"
    line = _crooked(text.split("\n"), noticed.line)
    column = noticed.column + 1 if line == noticed.line else 1
    return line + 1, column, f"{problem}. Is this line indented as its neighbours? A text with ': ' in it needs quotes."


def _crooked(lines: list[str], noticed: int) -> int:
    """Return which of two neighbours is indented unlike the lines around: the one noticed, or the one before it (from 0)."""
    written = [n for n, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#")]
    before = [n for n in written if n < noticed][-2:]
    if len(before) < 2:
        return noticed
    earlier, last = before
    after = next((n for n in written if n > noticed), earlier)
    indents = {_indent(lines[noticed]), _indent(lines[after])}
    if _indent(lines[last]) != _indent(lines[noticed]) and (_indent(lines[earlier]) in indents or lines[earlier].rstrip().endswith(":")):
        others = _indent(lines[earlier]) + (2 if lines[earlier].rstrip().endswith(":") else 0)
        return last if _indent(lines[noticed]) == others and _indent(lines[last]) != others else noticed
    return noticed


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
