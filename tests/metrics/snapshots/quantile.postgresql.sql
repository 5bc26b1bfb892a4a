-- grain: hour
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT date_trunc('hour', events.time) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY date_trunc('hour', events.time), coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: day
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT events.day AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY events.day, coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: week
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT CAST(date_trunc('week', CAST(events.day - 6 AS TIMESTAMP)) AS DATE) + 6 AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY CAST(date_trunc('week', CAST(events.day - 6 AS TIMESTAMP)) AS DATE) + 6, coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: month
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT CAST(date_trunc('month', CAST(events.day AS TIMESTAMP)) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY CAST(date_trunc('month', CAST(events.day AS TIMESTAMP)) AS DATE), coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: quarter
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT CAST(date_trunc('quarter', CAST(events.day AS TIMESTAMP)) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY CAST(date_trunc('quarter', CAST(events.day AS TIMESTAMP)) AS DATE), coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: year
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT CAST(date_trunc('year', CAST(events.day AS TIMESTAMP)) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY CAST(date_trunc('year', CAST(events.day AS TIMESTAMP)) AS DATE), coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: fiscal_quarter
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT CAST(CAST(date_trunc('quarter', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY CAST(CAST(date_trunc('quarter', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: fiscal_year
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY CAST(CAST(date_trunc('year', CAST(CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: sprint
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT sprint_periods.place AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events JOIN (VALUES (0, 'jira', '7', '2026-03-02', '2026-03-16')) AS sprint_periods (place, source, id, first, until) ON events.day >= CAST(sprint_periods.first AS DATE) AND events.day < CAST(sprint_periods.until AS DATE)
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY sprint_periods.place, coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: total
SELECT facts.period, facts.channel, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0
FROM (SELECT CAST(NULL AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel, percentile_cont(0.75) WITHIN GROUP (ORDER BY CAST(events.lcp_ms AS DOUBLE PRECISION)) AS m0
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'page_view' GROUP BY coalesce(CAST(events.channel AS VARCHAR), '(none)')) AS s0) AS facts;
