"""A randomised test from file to sentence: both forms of the file, the rules of reading, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from statsmodels.stats.multitest import multipletests

from cli import main
from errors import ConfigError, QueryError
from metrics.experiment_file import read_file
from metrics.experiment_types import Plan, Reading, Readout
from metrics.experiments import read_experiment
from metrics.stats.absent import Absent
from metrics.stats.experiments.effect import Effect

SUMS = """experiment,arm,metric,n,sum,sum_squares
checkout,control,converted,20000,1000,
checkout,new,converted,20000,1100,
checkout,control,revenue,20000,125400,9610000
checkout,new,revenue,20000,131050,10240000
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "test.csv"
    path.write_text(text, encoding="utf-8")
    return path


def read(folder: Path, text: str, **plan: object) -> Readout:
    return read_experiment(read_file(written(folder, text)), Plan(**plan))  # type: ignore[arg-type]


def effect(one: Reading) -> Effect:
    assert isinstance(one.change, Effect), one.change
    return one.change


def test_at_the_planned_end_welch_decides_on_the_absolute_change(tmp_path: Path) -> None:
    found = read(tmp_path, SUMS, users=40_000)
    first = found.readings[0]
    assert (found.moment, found.grade, first.method, first.direction) == ("planned end", "A", "Welch", "higher")
    assert effect(first).p_value == pytest.approx(0.02496937099, rel=1e-6)
    assert found.sentence.startswith("'new' raised converted at the planned end: relative change +10.00 % (95 %: +0.83 % to +19.17 %)")


@pytest.mark.parametrize(("users", "moment"), [(None, "no plan"), (80_000, "interim")])
def test_before_the_planned_end_only_the_sequence_is_shown(users: int | None, moment: str, tmp_path: Path) -> None:
    found = read(tmp_path, SUMS, users=users)
    assert found.moment == moment
    assert {one.method for one in found.readings} == {"confidence sequence"}
    assert found.readings[0].direction == "not shown"
    assert "No difference" in found.sentence
    assert found.notes


def test_a_broken_split_hides_every_number(tmp_path: Path) -> None:
    found = read(tmp_path, SUMS.replace("new,converted,20000,1100", "new,converted,21000,1100"), users=40_000)
    assert found.grade == "R"
    assert "split" in (found.reason or "")
    for one in found.readings:
        assert isinstance(one.change, Absent)
        assert isinstance(one.lift, Absent)
        assert (one.value, one.control_value, one.p_adjusted, one.direction) == (None, None, None, "withheld")


def test_the_split_is_held_against_the_planned_weights(tmp_path: Path) -> None:
    text = SUMS.replace("new,converted,20000,1100", "new,converted,60000,3300").replace("new,revenue,20000", "new,revenue,60000")
    assert read(tmp_path, text, users=80_000).grade == "R"
    assert read(tmp_path, text, users=80_000, weights={"control": 0.25, "new": 0.75}).grade == "A"


def test_one_metric_decides_and_the_others_share_the_risk(tmp_path: Path) -> None:
    rows = ["arm,metric,n,sum,sum_squares"]
    for number, total in enumerate((5000, 5150, 5140, 5005)):
        rows += [f"control,m{number},10000,5000,12500", f"new,m{number},10000,{total},12900"]
    found = read(tmp_path, "\n".join(rows), users=20_000, primary="m0")
    raw = [effect(one).p_value for one in found.readings]
    assert found.readings[0].p_adjusted == raw[0]
    assert [one.p_adjusted for one in found.readings[1:]] == pytest.approx(multipletests(raw[1:], method="fdr_bh")[1])


def test_several_arms_share_the_risk_of_the_primary_metric_by_holm(tmp_path: Path) -> None:
    text = "arm,metric,n,sum\ncontrol,c,10000,500\na,c,10000,560\nb,c,10000,563\n"
    found = read(tmp_path, text, users=30_000)
    raw = [effect(one).p_value for one in found.readings]
    assert [one.p_adjusted for one in found.readings] == pytest.approx(multipletests(raw, method="holm")[1])
    assert "No difference" in found.sentence
    assert any("would pass alone" in note for one in found.readings for note in one.notes) == (min(raw) < 0.05)


def test_few_conversions_get_exact_methods_and_no_lift(tmp_path: Path) -> None:
    found = read(tmp_path, "arm,metric,n,sum\ncontrol,c,1000,2\nnew,c,1000,9\n", users=2000).readings[0]
    assert found.method == "Newcombe and Fisher"
    assert effect(found).p_value == pytest.approx(scipy.stats.fisher_exact([[9, 991], [2, 998]]).pvalue)
    assert isinstance(found.lift, Absent)
    early = read(tmp_path, "arm,metric,n,sum\ncontrol,c,1000,2\nnew,c,1000,9\n").readings[0]
    assert isinstance(early.change, Absent)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("arm,metric,n,sum,sum_squares\ncontrol,r,0,0,0\nnew,r,0,0,0\n", "no arm has users"),
        ("arm,metric,n,sum,sum_squares\ncontrol,r,100,200.5,402.0025\n", "one arm"),
    ],
)
def test_a_test_that_cannot_be_read_is_refused_with_its_reason(text: str, reason: str, tmp_path: Path) -> None:
    found = read(tmp_path, text)
    assert found.grade == "R"
    assert reason in found.sentence


def test_constant_values_are_no_result(tmp_path: Path) -> None:
    found = read(tmp_path, "arm,metric,n,sum,sum_squares\ncontrol,r,100,250,625\nnew,r,100,250,625\n", users=200)
    assert isinstance(found.readings[0].change, Absent)
    assert "same value" in found.sentence


def test_huge_counts_and_negative_revenue_are_ordinary_numbers(tmp_path: Path) -> None:
    n = 10**12
    text = f"arm,metric,n,sum,sum_squares\ncontrol,r,{n},{-5 * n},{n * 26}\nnew,r,{n},{-4 * n},{n * 17}\n"
    one = read(tmp_path, text, users=2 * n).readings[0]
    assert effect(one).value == pytest.approx(1.0)
    assert effect(one).se == pytest.approx((2 / n) ** 0.5, rel=1e-9)
    assert isinstance(one.lift, Effect)
    assert one.lift.value == pytest.approx(0.2)


def test_users_and_their_sums_say_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    before = rng.poisson(5, 600)
    visits, orders = rng.poisson(6, 600) + 1, rng.poisson(2, 600)
    spent = np.round(before * 2 + rng.normal(0, 1, 600), 2)
    arm = np.where(np.arange(600) % 2, "new", "control")
    rows = ["arm,user,spent,spent:covariate,orders,orders:denominator,bought"]
    rows += [f"{arm[i]},u{i},{spent[i]},{before[i]},{orders[i]},{visits[i]},{int(orders[i] > 1)}" for i in range(600)]
    by_user = read(tmp_path, "\n".join(rows), users=600)
    sums = [
        "arm,metric,n,sum,sum_squares,covariate_sum,covariate_sum_squares,value_x_covariate,denominator_sum,denominator_sum_squares,value_x_denominator"
    ]
    for name in ("control", "new"):
        m = arm == name
        s, b, o, v = spent[m], before[m], orders[m], visits[m]
        sums.append(f"{name},spent,300,{s.sum():.2f},{(s * s).sum():.4f},{b.sum()},{(b * b).sum()},{(s * b).sum():.2f},,,")
        sums.append(f"{name},orders,300,{o.sum()},{(o * o).sum()},,,,{v.sum()},{(v * v).sum()},{(o * v).sum()}")
        sums.append(f"{name},bought,300,{(o > 1).sum()},,,,,,,")
    by_sums = read(tmp_path, "\n".join(sums), users=600)
    assert [one.kind for one in by_user.readings] == ["mean", "ratio", "proportion"]
    for left, right in zip(by_user.readings, by_sums.readings, strict=True):
        assert (left.metric, left.kind, left.method, left.direction) == (right.metric, right.kind, right.method, right.direction)
        assert effect(left).p_value == pytest.approx(effect(right).p_value, rel=1e-6)
    assert by_user.readings[0].share_removed == pytest.approx(np.corrcoef(spent, before)[0, 1] ** 2, abs=0.05)


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("arm,metric,n,sum,sum_sqares\n", ":1:5:", "Did you mean: sum_squares"),
        ("arm,metric,n\n", ":1:", "'sum' is missing"),
        ("arm,metric,n,sum,sum\n", ":1:5:", "stands twice"),
        ("arm,metric,n,sum\ncontrol,c,1 000,50\n", ":2:3:", "'1 000' is not a number"),
        ("arm,metric,n,sum\ncontrol,c,1/0,50\n", ":2:3:", "is not a number"),
        ("arm,metric,n,sum\ncontrol,c,1e999,50\n", ":2:3:", "is not a number"),
        ("arm,metric,n,sum\ncontrol,c,100,150\n", ":2:4:", "not a number of 100 users"),
        ("arm,metric,n,sum\ncontrol,c,100,15,7\n", ":2:", "5 cells and the header 4"),
        ("arm,metric,n,sum\ncontrol,c,100,15\ncontrol,c,100,15\n", ":3:2:", "line 2 already"),
        ("arm,metric,n,sum\n,c,100,15\n", ":2:1:", "is empty"),
        ("arm,metric,n,sum,kind\ncontrol,c,100,15,proportoin\n", ":2:5:", "Did you mean: proportion"),
        ("arm,metric,n,sum,denominator_sum\ncontrol,c,100,15,300\n", ":2:4:", "sum_squares, value_x_denominator, denominator_sum_squares"),
        ("arm,user,spent\ncontrol,u1,3\ncontrol,u1,4\n", ":3:2:", "Sum up"),
        ("arm,user,spent\ncontrol,u1,3\nnew,u1,4\n", ":3:2:", "Who saw both arms"),
        ("arm,user,spent\ncontrol,u1,\n", ":2:3:", "is not a number"),
        ("arm,user,spent:covriate\ncontrol,u1,1\n", ":1:3:", "Did you mean: covariate"),
        ("arm,user\ncontrol,u1\n", ":1:", "no column for a metric"),
        ("arm,metric,n,sum\n", "", "no rows below its header"),
        ("experiment,arm,metric,n,sum\na,control,c,10,5\nb,new,c,10,5\n", ":3:1:", "Keep one test in a file"),
    ],
)  # fmt: skip
def test_every_problem_of_a_file_has_its_place(text: str, place: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as refused:
        read_file(written(tmp_path, text))
    assert f"test.csv{place}" in str(refused.value)
    assert words in str(refused.value)


def test_unknown_names_are_answered_with_the_known_ones(tmp_path: Path) -> None:
    rows = read_file(written(tmp_path, SUMS))
    for plan, metrics in (
        (Plan(primary="convertd"), ()),
        (Plan(), ("revnue",)),
        (Plan(control="contrl"), ()),
        (Plan(weights={"nwe": 1}), ()),
    ):
        with pytest.raises(QueryError, match="Did you mean"):
            read_experiment(rows, plan, metrics)


def test_the_command_prints_one_document_or_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(written(tmp_path, SUMS))
    assert main(["analyse", "experiment", path, "--planned", "40000", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["readings"][0]["change"]["value"] == pytest.approx(0.005)
    assert printed["readings"][0]["direction"] == "higher"
    assert main(["analyse", "experiment", path, "--metric", "revenue", "--primary", "revenue"]) == 0
    assert "revenue\tnew" in capsys.readouterr().out
    assert main(["analyse", "experiment", str(tmp_path / "none.csv")]) == 2
    assert "cannot be read" in capsys.readouterr().err
    assert main(["analyse", "experiment", path, "--weight", "control"]) == 2
