-- grain: day
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL AS begins, events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL AS follows, events.day AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL OR events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;

-- grain: week
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL AS begins, events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL AS follows, CAST(date_trunc('week', events.day - 6) AS DATE) + 6 AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL OR events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;

-- grain: month
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL AS begins, events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL AS follows, CAST(date_trunc('month', events.day) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL OR events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;

-- grain: quarter
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL AS begins, events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL AS follows, CAST(date_trunc('quarter', events.day) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL OR events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;

-- grain: year
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL AS begins, events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL AS follows, CAST(date_trunc('year', events.day) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL OR events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;

-- grain: fiscal_quarter
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL AS begins, events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL AS follows, CAST(CAST(date_trunc('quarter', CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL OR events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;

-- grain: fiscal_year
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL AS begins, events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL AS follows, CAST(CAST(date_trunc('year', CAST(events.day - CAST('3 months' AS INTERVAL) AS DATE)) AS DATE) + CAST('3 months' AS INTERVAL) AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL OR events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;

-- grain: sprint
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, true AS begins, false AS follows, sprint_periods.place AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events JOIN (VALUES (0, 'jira', '7', '2026-03-02', '2026-03-16')) AS sprint_periods (place, source, id, first, until) ON events.day >= CAST(sprint_periods.first AS DATE) AND events.day < CAST(sprint_periods.until AS DATE)
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL UNION ALL SELECT events.source AS origin, events.user_id AS who, events.time AS happened, false AS begins, true AS follows, CAST(NULL AS INTEGER) AS period, CAST(NULL AS VARCHAR) AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;

-- grain: total
SELECT facts.period, facts.channel, facts.m0, facts.m1, CAST(facts.m0 AS DOUBLE PRECISION) / nullif(CAST(facts.m1 AS DOUBLE PRECISION), 0.0) AS value
FROM (SELECT s0.period AS period, s0.channel AS channel, s0.m0 AS m0, s0.m1 AS m1
FROM (SELECT people.period AS period, people.channel AS channel, count(*) FILTER (WHERE people.converted) AS m0, count(*) AS m1
FROM (SELECT looked.period AS period, looked.channel AS channel, bool_or(looked.followed > 0) AS converted
FROM (SELECT steps.origin AS origin, steps.who AS who, steps.happened AS happened, steps.begins AS begins, steps.follows AS follows, steps.period AS period, steps.channel AS channel, count(*) FILTER (WHERE steps.follows) OVER (PARTITION BY steps.origin, steps.who ORDER BY CAST(round(EXTRACT(epoch FROM steps.happened) * 1000000) AS BIGINT) RANGE BETWEEN 1 FOLLOWING AND 604800000000 FOLLOWING) AS followed
FROM (SELECT events.source AS origin, events.user_id AS who, events.time AS happened, events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL AS begins, events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL AS follows, CAST(NULL AS DATE) AS period, coalesce(CAST(events.channel AS VARCHAR), '(none)') AS channel
FROM events
WHERE events.day >= '2026-03-01' AND events.day < '2026-04-01' AND coalesce(CAST(events.device AS VARCHAR), '(none)') IN ('mobile') AND events.event = 'signup' AND events.user_id IS NOT NULL OR events.day >= '2026-03-01' AND events.day < '2026-04-09' AND events.event = 'purchase' AND events.user_id IS NOT NULL) AS steps) AS looked
WHERE looked.begins GROUP BY looked.period, looked.channel, looked.origin, looked.who) AS people GROUP BY people.period, people.channel) AS s0) AS facts;
