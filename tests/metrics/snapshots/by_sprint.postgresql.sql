-- grain: sprint
SELECT facts.period, facts.source, facts.m0, CAST(facts.m0 AS DOUBLE PRECISION) AS value
FROM (SELECT s0.period AS period, s0.source AS source, s0.m0 AS m0
FROM (SELECT sprint_periods.place AS period, coalesce(CAST(sprint_items.source AS VARCHAR), '(none)') AS source, sum(sprint_items.points_at_end) AS m0
FROM sprint_items JOIN (VALUES (0, 'jira', '7', '2026-03-02', '2026-03-16')) AS sprint_periods (place, source, id, first, until) ON sprint_items.source = sprint_periods.source AND sprint_items.sprint_id = sprint_periods.id
WHERE sprint_items.completed = true GROUP BY sprint_periods.place, coalesce(CAST(sprint_items.source AS VARCHAR), '(none)')) AS s0) AS facts;
