"""kpi analyse RELATIONSHIP: the sentence, the checks, one JSON document, and what can be put wrongly."""

from __future__ import annotations

import json

import pytest

from cli import main
from tests.shop import Shop


def test_a_relationship_is_asked_for_by_its_own_name(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", "speed_conversion", "--home", str(shop.space.home)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("Grade B: over 1 Sep 2025 – 17 Mar 2026 a 1% faster landing page (LCP) went with 0.")
    assert "100 ms less of LCP of the landing page" in out
    for check in ("Volume\tpassed", "Demand shocks\tpassed", "Lead placebo\tpassed"):
        assert check in out
    assert main(["analyse", "relationship", "speed_conversion", "--home", str(shop.space.home)]) == 0
    assert capsys.readouterr().out == out


def test_the_document_is_one_and_the_window_and_conditions_are_those_asked_for(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["--from", "2025-10-01", "--to", "2025-11-30", "--where", "device=desktop"]
    assert main(["analyse", "speed_conversion", "--home", str(shop.space.home), "--json", *asked]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["period"] == {"from": "2025-10-01", "to": "2025-11-30"}
    assert found["where"] == {"device": ["desktop"]}
    assert {segment["names"][0] for segment in found["segments"]} <= {"desktop"}
    assert found["assessment"]["grade"] == "R"
    assert found["assessment"]["estimate"] is None
    assert "Not enough data" in found["assessment"]["reason"]
    assert found["sentence"].startswith("No number is told for how Conversion rate follows LCP of the landing page over ")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["speed_conversoin"], "Did you mean: speed_conversion"),
        (["conversion_rate"], "is not a relationship"),
        (["speed_conversion", "--where", "devise=mobile"], "no dimension 'devise'"),
        (["speed_conversion", "--from", "1999-01-01", "--to", "1999-02-01"], "no settled day from 1999-01-01"),
    ],
)
def test_what_is_put_wrongly_is_named(arguments: list[str], words: str, shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["analyse", *arguments, "--home", str(shop.space.home)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert words in told.err
