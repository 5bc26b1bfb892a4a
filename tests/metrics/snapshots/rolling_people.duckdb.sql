-- grain: day
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, ends.until - 7 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 day' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 day' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: week
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, ends.until - 7 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('7 days' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('7 days' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: month
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, ends.until - 7 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 month' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 month' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: quarter
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, ends.until - 7 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('3 months' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-01-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('3 months' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: year
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, ends.until - 7 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 year' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-01-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 year' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: fiscal_quarter
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, ends.until - 7 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('3 months' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-01-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('3 months' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: fiscal_year
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT ends.period AS period, ends.until - 7 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 year' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2025-04-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 year' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: sprint
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT listed.place AS period, CAST(listed.first AS DATE) AS first, CAST(listed.until AS DATE) AS until
FROM (VALUES (0, '2026-03-09', '2026-03-16')) AS listed (place, first, until)) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;

-- grain: total
WITH visits_m0 AS
(SELECT seen.seen_on AS seen_on, seen.channel AS channel, least(coalesce(lead(seen.seen_on) OVER (PARTITION BY seen.channel, seen.who0 ORDER BY seen.seen_on), seen.seen_on + 7), seen.seen_on + 7) AS gone
FROM (SELECT DISTINCT events.day AS seen_on, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, events.user_id AS who0
FROM events
WHERE events.day >= '2026-02-23' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.user_id IS NOT NULL) AS seen)
 SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT looks.period AS period, days.channel AS channel, nullif(sum(days.n), 0) AS m0
FROM (SELECT CAST(NULL AS DATE) AS period, CAST(listed.first AS DATE) AS first, CAST(listed.until AS DATE) AS until
FROM (VALUES (0, '2026-03-25', '2026-04-01')) AS listed (place, first, until)) AS looks JOIN (SELECT changes.seen_on AS seen_on, changes.channel AS channel, CAST(sum(changes.n) AS BIGINT) AS n
FROM (SELECT visits_m0.seen_on AS seen_on, visits_m0.channel AS channel, count(*) AS n
FROM visits_m0 GROUP BY visits_m0.seen_on, visits_m0.channel UNION ALL SELECT visits_m0.gone AS gone, visits_m0.channel AS channel, -count(*) AS n
FROM visits_m0 GROUP BY visits_m0.gone, visits_m0.channel) AS changes GROUP BY changes.seen_on, changes.channel) AS days ON days.seen_on < looks.until GROUP BY looks.period, days.channel) AS s0) AS facts;
