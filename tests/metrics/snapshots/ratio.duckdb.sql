-- grain: day
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT web_traffic.day AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY web_traffic.day, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: week
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT CAST(date_trunc('week', web_traffic.day - 6) AS DATE) + 6 AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY CAST(date_trunc('week', web_traffic.day - 6) AS DATE) + 6, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: month
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT CAST(date_trunc('month', web_traffic.day) AS DATE) AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY CAST(date_trunc('month', web_traffic.day) AS DATE), coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: quarter
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT CAST(date_trunc('quarter', web_traffic.day) AS DATE) AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY CAST(date_trunc('quarter', web_traffic.day) AS DATE), coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: year
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT CAST(date_trunc('year', web_traffic.day) AS DATE) AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY CAST(date_trunc('year', web_traffic.day) AS DATE), coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: fiscal_quarter
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT CAST(CAST(date_trunc('quarter', CAST(web_traffic.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY CAST(CAST(date_trunc('quarter', CAST(web_traffic.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: fiscal_year
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT CAST(CAST(date_trunc('year', CAST(web_traffic.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY CAST(CAST(date_trunc('year', CAST(web_traffic.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: sprint
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT sprint_periods.place AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic JOIN (VALUES (0, 'jira', '7', '2026-03-02', '2026-03-16')) AS sprint_periods (place, source, id, first, until) ON web_traffic.day >= CAST(sprint_periods.first AS DATE) AND web_traffic.day < CAST(sprint_periods.until AS DATE)
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY sprint_periods.place, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: total
SELECT facts.period, facts.campaign, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.campaign AS campaign, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT CAST(NULL AS DATE) AS period, coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)') AS campaign, sum(web_traffic.key_events) AS m0, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' AND coalesce(CAST(web_traffic.device AS VARCHAR), '(none)') IN ('mobile') GROUP BY coalesce(CAST(web_traffic.campaign AS VARCHAR), '(none)')) AS s0) AS facts;
