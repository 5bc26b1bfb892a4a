-- grain: day
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT web_traffic.day AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY web_traffic.day, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE), coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;

-- grain: week
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(date_trunc('week', web_traffic.day - 6) AS DATE) + 6 AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY CAST(date_trunc('week', web_traffic.day - 6) AS DATE) + 6, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(date_trunc('week', CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - 6) AS DATE) + 6 AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(date_trunc('week', CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - 6) AS DATE) + 6, coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;

-- grain: month
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(date_trunc('month', web_traffic.day) AS DATE) AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY CAST(date_trunc('month', web_traffic.day) AS DATE), coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(date_trunc('month', CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE)) AS DATE) AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(date_trunc('month', CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE)) AS DATE), coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;

-- grain: quarter
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(date_trunc('quarter', web_traffic.day) AS DATE) AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY CAST(date_trunc('quarter', web_traffic.day) AS DATE), coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(date_trunc('quarter', CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE)) AS DATE) AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(date_trunc('quarter', CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE)) AS DATE), coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;

-- grain: year
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(date_trunc('year', web_traffic.day) AS DATE) AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY CAST(date_trunc('year', web_traffic.day) AS DATE), coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(date_trunc('year', CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE)) AS DATE) AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(date_trunc('year', CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE)) AS DATE), coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;

-- grain: fiscal_quarter
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(CAST(date_trunc('quarter', CAST(web_traffic.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY CAST(CAST(date_trunc('quarter', CAST(web_traffic.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(CAST(date_trunc('quarter', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(CAST(date_trunc('quarter', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;

-- grain: fiscal_year
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(CAST(date_trunc('year', CAST(web_traffic.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY CAST(CAST(date_trunc('year', CAST(web_traffic.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(CAST(date_trunc('year', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;

-- grain: sprint
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT sprint_periods.place AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic JOIN (VALUES (0, 'jira', '7', '2026-03-02', '2026-03-16')) AS sprint_periods (place, source, id, first, until) ON web_traffic.day >= CAST(sprint_periods.first AS DATE) AND web_traffic.day < CAST(sprint_periods.until AS DATE)
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY sprint_periods.place, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT sprint_periods.place AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items JOIN (VALUES (0, 'jira', '7', '2026-03-02', '2026-03-16')) AS sprint_periods (place, source, id, first, until) ON CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= CAST(sprint_periods.first AS DATE) AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < CAST(sprint_periods.until AS DATE)
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY sprint_periods.place, coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;

-- grain: total
SELECT facts.period, facts.source, facts.m0, facts.m1, coalesce(CAST(facts.m0 AS DOUBLE PRECISION), CAST(0.0 AS DOUBLE PRECISION)) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT u.period AS period, u.source AS source, max(u.m0) AS m0, max(u.m1) AS m1
FROM (SELECT s0.period AS period, s0.source AS source, CAST(NULL AS DOUBLE PRECISION) AS m0, CAST(s0.m1 AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(NULL AS DATE) AS period, coalesce(CAST(web_traffic.source AS VARCHAR), '(none)') AS source, sum(web_traffic.sessions) AS m1
FROM web_traffic
WHERE web_traffic.day >= '2026-03-01' AND web_traffic.day < '2026-04-01' GROUP BY coalesce(CAST(web_traffic.source AS VARCHAR), '(none)')) AS s0 UNION ALL SELECT s1.period AS period, s1.source AS source, CAST(s1.m0 AS DOUBLE PRECISION) AS m0, CAST(NULL AS DOUBLE PRECISION) AS m1
FROM (SELECT CAST(NULL AS DATE) AS period, coalesce(CAST(work_items.source AS VARCHAR), '(none)') AS source, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY coalesce(CAST(work_items.source AS VARCHAR), '(none)')) AS s1) AS u GROUP BY u.period, u.source) AS facts;
