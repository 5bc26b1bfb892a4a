-- grain: day
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, CAST(CAST(date_trunc('year', CAST(CAST((ends.until - 1) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 day' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 day' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT firsts.unit AS unit, firsts.seen_on AS seen_on, firsts.channel AS channel, count(*) AS n
FROM (SELECT seen.unit AS unit, min(seen.seen_on) AS seen_on, seen.channel AS channel
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS unit, events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2025-04-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen GROUP BY seen.unit, seen.channel, seen.who0) AS firsts GROUP BY firsts.unit, firsts.seen_on, firsts.channel) AS days ON days.unit = looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: week
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, CAST(CAST(date_trunc('year', CAST(CAST((ends.until - 1) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('7 days' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('7 days' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT firsts.unit AS unit, firsts.seen_on AS seen_on, firsts.channel AS channel, count(*) AS n
FROM (SELECT seen.unit AS unit, min(seen.seen_on) AS seen_on, seen.channel AS channel
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS unit, events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2025-04-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen GROUP BY seen.unit, seen.channel, seen.who0) AS firsts GROUP BY firsts.unit, firsts.seen_on, firsts.channel) AS days ON days.unit = looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: month
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, CAST(CAST(date_trunc('year', CAST(CAST((ends.until - 1) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 month' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 month' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT firsts.unit AS unit, firsts.seen_on AS seen_on, firsts.channel AS channel, count(*) AS n
FROM (SELECT seen.unit AS unit, min(seen.seen_on) AS seen_on, seen.channel AS channel
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS unit, events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2025-04-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen GROUP BY seen.unit, seen.channel, seen.who0) AS firsts GROUP BY firsts.unit, firsts.seen_on, firsts.channel) AS days ON days.unit = looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: fiscal_quarter
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, CAST(CAST(date_trunc('year', CAST(CAST((ends.until - 1) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('3 months' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-01-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('3 months' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT firsts.unit AS unit, firsts.seen_on AS seen_on, firsts.channel AS channel, count(*) AS n
FROM (SELECT seen.unit AS unit, min(seen.seen_on) AS seen_on, seen.channel AS channel
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS unit, events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2025-04-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen GROUP BY seen.unit, seen.channel, seen.who0) AS firsts GROUP BY firsts.unit, firsts.seen_on, firsts.channel) AS days ON days.unit = looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: fiscal_year
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, CAST(CAST(date_trunc('year', CAST(CAST((ends.until - 1) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 year' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2025-04-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 year' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT firsts.unit AS unit, firsts.seen_on AS seen_on, firsts.channel AS channel, count(*) AS n
FROM (SELECT seen.unit AS unit, min(seen.seen_on) AS seen_on, seen.channel AS channel
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS unit, events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2025-04-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen GROUP BY seen.unit, seen.channel, seen.who0) AS firsts GROUP BY firsts.unit, firsts.seen_on, firsts.channel) AS days ON days.unit = looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: sprint
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT listed.place AS period, CAST(listed.first AS DATE) AS first, CAST(listed.until AS DATE) AS until
FROM (VALUES (0, '2025-04-01', '2026-03-16')) AS listed (place, first, until)) AS looks JOIN (SELECT firsts.unit AS unit, firsts.seen_on AS seen_on, firsts.channel AS channel, count(*) AS n
FROM (SELECT seen.unit AS unit, min(seen.seen_on) AS seen_on, seen.channel AS channel
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS unit, events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2025-04-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen GROUP BY seen.unit, seen.channel, seen.who0) AS firsts GROUP BY firsts.unit, firsts.seen_on, firsts.channel) AS days ON days.unit = looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: total
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT CAST(NULL AS DATE) AS period, CAST(listed.first AS DATE) AS first, CAST(listed.until AS DATE) AS until
FROM (VALUES (0, '2025-04-01', '2026-04-01')) AS listed (place, first, until)) AS looks JOIN (SELECT firsts.unit AS unit, firsts.seen_on AS seen_on, firsts.channel AS channel, count(*) AS n
FROM (SELECT seen.unit AS unit, min(seen.seen_on) AS seen_on, seen.channel AS channel
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS unit, events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2025-04-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen GROUP BY seen.unit, seen.channel, seen.who0) AS firsts GROUP BY firsts.unit, firsts.seen_on, firsts.channel) AS days ON days.unit = looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;
