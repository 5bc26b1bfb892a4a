"""What the tests of experiments share: the reference cases, and arms made of their aggregates."""

from __future__ import annotations

from typing import Any, TypeVar

from metrics.stats.absent import Absent
from metrics.stats.experiments.arms import Arm, mean_arm
from metrics.stats.experiments.effect import Effect
from metrics.stats.experiments.moments import Moments, moments_of_sums
from tests.metrics.cases import load, near

AB = load("ab")


T = TypeVar("T")


def there(found: T | Absent) -> T:
    assert not isinstance(found, Absent), found
    return found


def moments(arm: dict[str, Any], metric: str = "mean") -> Moments:
    squares = arm["sum"] if metric == "proportion" else arm["sum_squares"]
    return there(moments_of_sums(arm["n"], [arm["sum"]], [[squares]], is_proportion=metric == "proportion"))


def arms(case: dict[str, Any]) -> tuple[Arm, Arm]:
    given = case["inputs"]
    control, treatment = (mean_arm(moments(given[side], given["metric"])) for side in ("control", "treatment"))
    return control, treatment


def held(case: dict[str, Any], found: Effect) -> None:
    near(case, found.value, "effect")
    near(case, found.se, "se")
    near(case, found.p_value, "p_value")
    for place, end in enumerate((found.low, found.high)):
        if isinstance(case["expected"]["ci"][place], str):
            assert end is None
        else:
            assert end is not None
            near(case, end, "ci", place)
    if "df" in case["expected"] and found.df is not None:
        near(case, found.df, "df")
