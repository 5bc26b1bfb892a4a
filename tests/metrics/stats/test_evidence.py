"""Every check passes where it must and fails where it must; the grade follows from the checks alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from metrics.stats.evidence import (
    COVERAGE,
    DEFINITION,
    DEMAND,
    IMPLAUSIBLE,
    PLACEBO,
    RELIABILITY,
    SEGMENTS,
    VARIATION,
    VOLUME,
    Assessment,
    Origin,
    assess,
    signed,
)
from metrics.stats.jackknife import Estimate
from metrics.stats.panel import Panel, coefficients, demand_shift, elasticity, lead_placebo
from tests.metrics.stats.designs import Settings, demand_shocks, noisy_p75, plain

SAME = Origin(same_draws=True, coverage=0.9)


def clean(seed: int = 1, **settings: float) -> Panel:
    return plain(Settings(**settings))(np.random.default_rng(seed))  # type: ignore[arg-type]


def first(panel: Panel, segments: int) -> Panel:
    return Panel(panel.counts[:, :segments], panel.exposure[:, :segments], panel.driver[:, :segments])


def outcome(found: Assessment, name: str) -> str:
    return next(check.outcome for check in found.checks if check.name == name)


def test_a_clean_panel_is_grade_b_and_passes_every_check() -> None:
    found = assess(clean(), SAME)
    assert (found.grade, found.reason) == ("B", None)
    assert [check.name for check in found.checks] == [VOLUME, DEFINITION, SEGMENTS, COVERAGE, RELIABILITY, VARIATION, DEMAND, PLACEBO]
    assert {check.outcome for check in found.checks} == {"passed"}
    assert found.estimate is not None
    assert found.estimate.low < -0.5 < found.estimate.high


def test_the_same_panel_gives_the_same_digits() -> None:
    assert assess(clean(), SAME) == assess(clean(), SAME)


@pytest.mark.parametrize(("days", "refused"), [(55, True), (56, False)])
def test_fewer_than_56_days_are_not_enough(days: int, refused: bool) -> None:
    found = assess(clean(sx=0.15).days(0, days), SAME)
    assert (outcome(found, VOLUME) == "failed") is refused
    assert ("Not enough data" in (found.reason or "")) is refused


def test_fewer_than_1000_conversions_are_not_enough() -> None:
    panel = clean()
    few = replace(panel, counts=np.minimum(panel.counts, 999 / panel.counts.size))
    assert outcome(assess(few, SAME), VOLUME) == "failed"
    assert outcome(assess(replace(panel, counts=np.full_like(panel.counts, 1000.5 / panel.counts.size)), SAME), VOLUME) == "passed"


def test_one_segment_is_refused_with_that_reason() -> None:
    found = assess(first(clean(), 1), SAME)
    assert (found.grade, found.estimate) == ("R", None)
    assert found.reason is not None
    assert found.reason.startswith("One segment only")


def test_one_segment_with_an_estimator_of_its_own_is_grade_c_unless_it_is_too_wide() -> None:
    alone = first(clean(), 1)
    told = assess(alone, SAME, single=lambda _panel: Estimate(-0.4, 0.1, -0.6, -0.2))
    assert (told.grade, told.estimate, outcome(told, SEGMENTS)) == ("C", Estimate(-0.4, 0.1, -0.6, -0.2), "failed")
    wide = assess(alone, SAME, single=lambda _panel: Estimate(-0.4, 0.4, -1.0, 0.2))
    assert (wide.grade, wide.estimate, wide.compatible) == ("R", None, Estimate(-0.4, 0.4, -1.0, 0.2))
    assert assess(alone, SAME, single=lambda _panel: None).grade == "R"
    assert assess(clean(), SAME, single=lambda _panel: None).grade == "B"


def test_half_of_all_must_have_a_driver() -> None:
    assert outcome(assess(clean(), replace(SAME, coverage=0.5)), COVERAGE) == "passed"
    found = assess(clean(), replace(SAME, coverage=0.499))
    assert (found.grade, outcome(found, COVERAGE)) == ("R", "failed")


def test_an_interval_that_is_too_wide_is_no_number_but_says_what_it_is_compatible_with() -> None:
    found = assess(clean(sx=0.006), SAME)
    assert (found.grade, found.estimate, outcome(found, VARIATION)) == ("R", None, "failed")
    assert found.compatible is not None
    assert found.compatible.half_width > 0.5


def test_a_driver_that_never_moves_is_refused() -> None:
    panel = clean()
    found = assess(replace(panel, driver=np.tile(panel.driver[:1], (180, 1))), SAME)
    assert (found.grade, found.compatible, outcome(found, VARIATION)) == ("R", None, "failed")


def test_demand_shocks_are_refused_and_no_number_slips_out() -> None:
    found = assess(demand_shocks(np.random.default_rng(2)), SAME)
    assert (found.grade, found.estimate, found.compatible, outcome(found, DEMAND)) == ("R", None, None, "failed")
    assert "waves of visitors" in (found.reason or "")


def test_a_demand_shock_is_suspected_beyond_its_interval_and_half_a_standard_error_and_not_before() -> None:
    """Waves of one eighth to three eighths of the design's strength lie on both sides of the rule, which is worked out anew here."""
    seen = set()
    for seed in range(16):
        rng = np.random.default_rng(seed)
        strong = demand_shocks(np.random.default_rng(seed))
        weak = plain(Settings(sx=0.03))(rng)
        share = 0.125 + 0.25 * seed / 15
        mixed = Panel(weak.counts * (1 - share) + strong.counts * share, weak.exposure * (1 - share) + strong.exposure * share,
                      weak.driver * (1 - share) + strong.driver * share)  # fmt: skip
        alone = coefficients(mixed, mixed.driver[None])
        shift = demand_shift(mixed, alone)
        assert shift is not None
        change = coefficients(mixed, np.stack([mixed.driver, np.log(mixed.exposure)])) - alone
        half = stats.t.ppf(0.975, 7) * np.sqrt(7 / 8 * ((change[1:] - change[0]) ** 2).sum())
        se = np.sqrt(7 / 8 * ((alone[1:] - alone[0]) ** 2).sum())
        assert shift.suspicious == (abs(change[0]) > half and abs(change[0]) > 0.5 * se)
        seen.add((abs(change[0]) > half, abs(change[0]) > 0.5 * se, abs(change[0]) > 2 * half))
    assert {shift[0] for shift in seen} == {True, False}
    assert any(over and not twice for over, _, twice in seen)


def test_the_day_of_a_break_belongs_to_what_comes_after() -> None:
    cut = clean().cut((90, 120))
    assert cut.counts.shape == (180, 18)
    assert [int(np.flatnonzero(cut.exposure[:, 6 * part]).min()) for part in range(3)] == [0, 90, 120]
    assert cut.exposure.sum() == clean().exposure.sum()


def test_a_driver_that_follows_the_outcome_costs_a_grade() -> None:
    panel = clean(beta=0.0, common_sx=0.0)
    busy = np.log((panel.counts + 1) / panel.exposure)
    late = panel.driver + 0.5 * np.concatenate([busy[:1], busy[:-1]])
    found = assess(replace(panel, driver=late), SAME)
    assert (found.grade, outcome(found, PLACEBO)) == ("C", "failed")
    lead = lead_placebo(replace(panel, driver=late))
    assert lead is not None
    assert lead.low > 0


def test_a_sampled_driver_is_corrected_refused_below_half_and_costs_a_grade_when_unknown() -> None:
    sampled = Origin(same_draws=False)
    panel = noisy_p75(np.random.default_rng(1))
    found, raw = assess(panel, sampled), elasticity(panel)
    assert found.estimate is not None
    assert raw is not None
    assert panel.noise is not None
    assert 1.1 < found.estimate.value / raw.value < 2
    worse = replace(panel, noise=panel.noise * 3)
    assert (assess(worse, sampled).grade, outcome(assess(worse, sampled), RELIABILITY)) == ("R", "failed")
    unknown = assess(clean(), sampled)
    assert (unknown.grade, outcome(unknown, RELIABILITY)) == ("C", "not run")


def test_a_break_gives_every_part_a_level_of_its_own() -> None:
    """From day 90 on, a new probe tells one segment 40 % slower: left alone it ruins the estimate, split it does not."""
    panel = clean()
    driver, counts = panel.driver.copy(), panel.counts.copy()
    driver[90:, 0] += np.log(1.4)
    moved = replace(panel, driver=driver, counts=counts)
    ruined, split, whole = assess(moved, SAME), assess(moved, SAME, breaks=(90,)), assess(panel, SAME)
    assert split.estimate is not None
    assert whole.estimate is not None
    assert abs(split.estimate.value - whole.estimate.value) < 0.1
    assert ruined.estimate is None or abs(ruined.estimate.value - whole.estimate.value) > 0.2
    assert "split" in next(check.words for check in split.checks if check.name == DEFINITION)
    early = assess(moved, SAME, breaks=(20,))
    assert (early.grade, outcome(early, DEFINITION)) == ("R", "failed")


def test_an_implausibly_large_effect_is_told_with_a_note() -> None:
    found = assess(clean(beta=-1.6), SAME)
    assert found.estimate is not None
    assert found.estimate.value < IMPLAUSIBLE
    assert "Look for something else" in found.notes[0]
    assert assess(clean(), SAME).notes == ()


@pytest.mark.parametrize("nothing", ["days", "segments", "counts", "exposure", "driver"])
def test_an_empty_panel_is_refused_with_a_reason(nothing: str) -> None:
    panel = clean()
    empty = {
        "days": panel.days(0, 0),
        "segments": first(panel, 0),
        "counts": replace(panel, counts=np.zeros_like(panel.counts)),
        "exposure": replace(panel, exposure=np.zeros_like(panel.exposure)),
        "driver": replace(panel, driver=np.full_like(panel.driver, np.nan)),
    }[nothing]
    found = assess(empty, SAME)
    assert (found.grade, found.estimate) == ("R", None)
    assert found.reason
    assert "nan" not in found.reason


def test_a_few_days_of_many_counts_do_not_break_the_estimator() -> None:
    panel = clean()
    rare = np.where(np.arange(180)[:, None] % 30 == 0, panel.counts * 100, 0.0)
    assert assess(replace(panel, counts=rare), SAME).grade == "R"
    assert elasticity(replace(panel, counts=rare)) is None


def test_signs_are_words_people_read() -> None:
    assert (signed(-0.004), signed(0.35), signed(-1234.4, 0), signed(0.0)) == ("0.00", "+0.35", "\u22121,234", "0.00")
