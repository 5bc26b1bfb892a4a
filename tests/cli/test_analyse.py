"""kpi analyse forecast and why, and the signal in kpi query --json: one document each, and the same numbers as the metrics layer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cli import main
from metrics.forecast import forecast
from metrics.signals import signal
from metrics.why import why
from tests.shop import Shop


def run(shop: Shop, capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json", "--home", str(shop.space.home)]) == 0
    out = capsys.readouterr().out
    assert "NaN" not in out
    assert "Infinity" not in out
    return json.loads(out)


def test_query_tells_the_signal(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(shop, capsys, "query", "conversion_rate", "--grain", "month")
    with shop.catalog() as opened:
        known = signal(opened, "conversion_rate")
    assert (found["signal"]["grain"], found["signal"]["variation"]) == ("week", known.variation)
    assert [point["value"] for point in found["signal"]["points"]] == [point.value for point in known.points]
    assert found["signal"]["limits"]["baseline_points"] == 24
    assert run(shop, capsys, "query", "revenue_mtd")["signal"]["reason"].startswith("a value to date grows by itself")
    assert [one["kpi"] for one in run(shop, capsys, "query", "sessions", "velocity", "--grain", "sprint")] == ["sessions", "velocity"]


def test_forecast(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(shop, capsys, "analyse", "forecast", "sessions")
    with shop.catalog() as opened:
        known = forecast(opened, "sessions")
    assert (found["forecast"]["middle"], found["forecast"]["low"], found["method"]) == (known.middle, known.low, known.method)
    assert run(shop, capsys, "analyse", "forecast", "conversion_rate")["forecast"] is None
    assert main(["analyse", "forecast", "sessions", "--home", str(shop.space.home)]) == 0
    assert "80 % interval" in capsys.readouterr().out


def test_why(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    found = run(shop, capsys, "analyse", "why", "conversion_rate", "--by", "device")
    with shop.catalog() as opened:
        known = why(opened, "conversion_rate", by="device")
    assert known.split is not None
    assert known.split.rates is not None
    assert (found["split"]["rate_effect"], found["split"]["mix_effect"]) == (known.split.rates.rate, known.split.rates.mix)
    assert main(["analyse", "why", "conversion_rate", "--home", str(shop.space.home)]) == 0
    assert "points" in capsys.readouterr().out
    assert main(["analyse", "why", "conversion_rate", "--by", "devise", "--home", str(shop.space.home)]) != 0
    assert "Did you mean: device?" in capsys.readouterr().err
