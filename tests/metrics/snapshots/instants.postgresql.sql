-- grain: hour
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT date_trunc('hour', work_items.done_at) AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY date_trunc('hour', work_items.done_at), coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: day
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE), coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: week
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT CAST(date_trunc('week', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - 6 AS TIMESTAMP)) AS DATE) + 6 AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(date_trunc('week', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - 6 AS TIMESTAMP)) AS DATE) + 6, coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: month
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT CAST(date_trunc('month', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) AS TIMESTAMP)) AS DATE) AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(date_trunc('month', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) AS TIMESTAMP)) AS DATE), coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: quarter
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT CAST(date_trunc('quarter', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) AS TIMESTAMP)) AS DATE) AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(date_trunc('quarter', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) AS TIMESTAMP)) AS DATE), coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: year
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT CAST(date_trunc('year', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) AS TIMESTAMP)) AS DATE) AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(date_trunc('year', CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) AS TIMESTAMP)) AS DATE), coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: fiscal_quarter
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT CAST(CAST(date_trunc('quarter', CAST(CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(CAST(date_trunc('quarter', CAST(CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: fiscal_year
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT CAST(CAST(date_trunc('year', CAST(CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY CAST(CAST(date_trunc('year', CAST(CAST(CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) - CAST('3 months' AS INTERVAL) AS DATE) AS TIMESTAMP)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE), coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: sprint
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT sprint_periods.place AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items JOIN (VALUES (0, 'jira', '7', '2026-03-02', '2026-03-16')) AS sprint_periods (place, source, id, first, until) ON CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= CAST(sprint_periods.first AS DATE) AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < CAST(sprint_periods.until AS DATE)
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY sprint_periods.place, coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;

-- grain: total
SELECT facts.period, facts.project, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.project AS project, s0.m0 AS m0
FROM (SELECT CAST(NULL AS DATE) AS period, coalesce(CAST(work_items.project AS VARCHAR), '(none)') AS project, nullif(count(*), 0) AS m0
FROM work_items
WHERE CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) >= '2026-03-01' AND CAST(timezone('Europe/Vienna', timezone('UTC', work_items.done_at)) AS DATE) < '2026-04-01' AND work_items.type IS DISTINCT FROM 'Epic' AND work_items.deleted_at IS NULL GROUP BY coalesce(CAST(work_items.project AS VARCHAR), '(none)')) AS s0) AS facts;
