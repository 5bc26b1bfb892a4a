CREATE TABLE _coverage (
    source VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    connector VARCHAR NOT NULL,
    covered_from DATE,
    complete_through TIMESTAMP WITHOUT TIME ZONE,
    rows BIGINT NOT NULL,
    flags VARCHAR NOT NULL,
    PRIMARY KEY (source, stream)
);
CREATE TABLE _documents (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    id VARCHAR NOT NULL,
    updated_at TIMESTAMP WITHOUT TIME ZONE,
    document VARCHAR NOT NULL
);
CREATE TABLE _meta (
    key VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    PRIMARY KEY (key)
);
CREATE TABLE _restatements (
    source VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    slice DATE NOT NULL,
    generation BIGINT NOT NULL,
    what VARCHAR NOT NULL,
    before DOUBLE PRECISION,
    after DOUBLE PRECISION
);
CREATE TABLE _slices (
    source VARCHAR NOT NULL,
    stream VARCHAR NOT NULL,
    slice DATE NOT NULL,
    table_name VARCHAR NOT NULL,
    rows BIGINT NOT NULL,
    complete_through TIMESTAMP WITHOUT TIME ZONE,
    flags VARCHAR NOT NULL,
    pulled_at TIMESTAMP WITHOUT TIME ZONE,
    context VARCHAR,
    PRIMARY KEY (source, stream, slice)
);
CREATE TABLE campaigns (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    id VARCHAR NOT NULL,
    name VARCHAR,
    channel VARCHAR,
    start_on DATE,
    end_on DATE,
    url VARCHAR
);
CREATE TABLE dependencies (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    blocker_id VARCHAR NOT NULL,
    blocked_id VARCHAR NOT NULL,
    type VARCHAR
);
CREATE TABLE events (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    time TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    day DATE NOT NULL,
    user_id VARCHAR,
    event VARCHAR NOT NULL,
    device VARCHAR,
    channel VARCHAR,
    page VARCHAR,
    lcp_ms DOUBLE PRECISION,
    revenue NUMERIC(18, 4),
    properties VARCHAR,
    dedupe_key VARCHAR NOT NULL,
    received_at TIMESTAMP WITHOUT TIME ZONE,
    drifted BOOLEAN
);
CREATE TABLE funnel_steps (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    funnel_id VARCHAR NOT NULL,
    day DATE NOT NULL,
    step BIGINT NOT NULL,
    event VARCHAR,
    count BIGINT NOT NULL
);
CREATE TABLE item_keys (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    item_id VARCHAR NOT NULL,
    key VARCHAR,
    project VARCHAR,
    since_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    until_at TIMESTAMP WITHOUT TIME ZONE
);
CREATE TABLE milestones (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    id VARCHAR NOT NULL,
    name VARCHAR,
    channel VARCHAR,
    start_on DATE,
    end_on DATE,
    url VARCHAR
);
CREATE TABLE profiles (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    id VARCHAR NOT NULL,
    last_seen_at TIMESTAMP WITHOUT TIME ZONE,
    properties VARCHAR
);
CREATE TABLE releases (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    id VARCHAR NOT NULL,
    project VARCHAR,
    name VARCHAR,
    planned_on DATE,
    released_on DATE,
    released BOOLEAN,
    description VARCHAR,
    url VARCHAR
);
CREATE TABLE retention_cohorts (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    name VARCHAR NOT NULL,
    day DATE NOT NULL,
    "interval" BIGINT NOT NULL,
    people BIGINT NOT NULL,
    cohort_people BIGINT NOT NULL
);
CREATE TABLE sprint_items (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    sprint_id VARCHAR NOT NULL,
    item_id VARCHAR NOT NULL,
    day DATE,
    added_at TIMESTAMP WITHOUT TIME ZONE,
    removed_at TIMESTAMP WITHOUT TIME ZONE,
    committed BOOLEAN,
    completed BOOLEAN,
    points_at_start DOUBLE PRECISION,
    points_at_end DOUBLE PRECISION,
    completed_outside BOOLEAN
);
CREATE TABLE sprint_reports (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    sprint_id VARCHAR NOT NULL,
    item_id VARCHAR NOT NULL,
    outcome VARCHAR,
    added_during BOOLEAN,
    points_initial DOUBLE PRECISION,
    points_final DOUBLE PRECISION
);
CREATE TABLE sprints (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    id VARCHAR NOT NULL,
    board VARCHAR,
    name VARCHAR,
    state VARCHAR,
    start_at TIMESTAMP WITHOUT TIME ZONE,
    end_at TIMESTAMP WITHOUT TIME ZONE,
    completed_at TIMESTAMP WITHOUT TIME ZONE,
    goal VARCHAR
);
CREATE TABLE status_changes (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    item_id VARCHAR NOT NULL,
    "at" TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    from_status VARCHAR,
    to_status VARCHAR,
    from_category VARCHAR,
    to_category VARCHAR
);
CREATE TABLE web_traffic (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    day DATE NOT NULL,
    device VARCHAR,
    channel VARCHAR,
    landing_page VARCHAR,
    campaign VARCHAR,
    sessions BIGINT,
    engaged_sessions BIGINT,
    total_users BIGINT,
    new_users BIGINT,
    key_events BIGINT,
    revenue NUMERIC(18, 4)
);
CREATE TABLE web_vitals (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    day DATE NOT NULL,
    device VARCHAR,
    page VARCHAR,
    metric VARCHAR,
    rating VARCHAR,
    events BIGINT,
    value_sum NUMERIC(18, 4)
);
CREATE TABLE work_items (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    id VARCHAR NOT NULL,
    key VARCHAR,
    url VARCHAR,
    title VARCHAR,
    type VARCHAR,
    project VARCHAR,
    status VARCHAR,
    status_category VARCHAR,
    points DOUBLE PRECISION,
    epic VARCHAR,
    labels VARCHAR,
    kpi VARCHAR,
    release_id VARCHAR,
    created_at TIMESTAMP WITHOUT TIME ZONE NOT NULL,
    started_at TIMESTAMP WITHOUT TIME ZONE,
    done_at TIMESTAMP WITHOUT TIME ZONE,
    due_date DATE,
    deleted_at TIMESTAMP WITHOUT TIME ZONE,
    cycle_days DOUBLE PRECISION,
    lead_days DOUBLE PRECISION
);
CREATE TABLE worklogs (
    source VARCHAR NOT NULL,
    slice DATE NOT NULL,
    id VARCHAR NOT NULL,
    item_id VARCHAR NOT NULL,
    started_at TIMESTAMP WITHOUT TIME ZONE,
    seconds BIGINT,
    updated_at TIMESTAMP WITHOUT TIME ZONE
);
