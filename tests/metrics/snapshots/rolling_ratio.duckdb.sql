-- grain: day
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT ends.period AS period, ends.until - 28 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 day' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 day' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;

-- grain: week
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT ends.period AS period, ends.until - 28 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('7 days' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('7 days' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;

-- grain: month
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT ends.period AS period, ends.until - 28 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 month' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-03-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 month' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;

-- grain: quarter
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT ends.period AS period, ends.until - 28 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('3 months' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-01-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('3 months' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;

-- grain: year
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT ends.period AS period, ends.until - 28 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 year' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-01-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 year' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;

-- grain: fiscal_quarter
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT ends.period AS period, ends.until - 28 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('3 months' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2026-01-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('3 months' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;

-- grain: fiscal_year
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT ends.period AS period, ends.until - 28 AS first, ends.until AS until
FROM (SELECT CAST(series.begins AS DATE) AS period, least(CAST(series.begins + CAST('1 year' AS INTERVAL) AS DATE), '2026-04-01') AS until
FROM generate_series(CAST('2025-04-01' AS TIMESTAMP WITHOUT TIME ZONE), CAST('2026-03-31' AS TIMESTAMP WITHOUT TIME ZONE), CAST('1 year' AS INTERVAL)) AS series(begins)) AS ends) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;

-- grain: sprint
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT listed.place AS period, CAST(listed.first AS DATE) AS first, CAST(listed.until AS DATE) AS until
FROM (VALUES (0, '2026-02-16', '2026-03-16')) AS listed (place, first, until)) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;

-- grain: total
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT looks.period AS period, days.campaign AS campaign, sum(days.m0_sum) AS m0, sum(days.m1_sum) AS m1
FROM (SELECT CAST(NULL AS DATE) AS period, CAST(listed.first AS DATE) AS first, CAST(listed.until AS DATE) AS until
FROM (VALUES (0, '2026-03-04', '2026-04-01')) AS listed (place, first, until)) AS looks JOIN (SELECT web_traffic.day AS seen_on, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0_sum, sum(web_traffic.sessions) AS m1_sum
FROM web_traffic
WHERE web_traffic.day >= '2026-02-02' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS days ON days.seen_on >= looks.first AND days.seen_on < looks.until GROUP BY looks.period, days.campaign) AS s0) AS facts;
