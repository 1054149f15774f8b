-- Calls in SQLite 3.35 or later: one row a call, made of all its deliveries.
--
-- The tables, columns and differences from the specification are those of PostgreSQL. Times are
-- texts in RFC 3339, in UTC.

CREATE TABLE IF NOT EXISTS vcp_messages (
    id TEXT PRIMARY KEY,
    call_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    vcp_version TEXT NOT NULL,
    raw_payload TEXT NOT NULL,
    created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    start_time TEXT NOT NULL,
    end_time TEXT,
    duration_sec INTEGER,
    channel TEXT,
    direction TEXT,
    status TEXT NOT NULL,
    total_cost_usd REAL,
    user_satisfaction_score REAL
);

CREATE INDEX IF NOT EXISTS vcp_messages_provider_created ON vcp_messages (provider, created_at);
CREATE INDEX IF NOT EXISTS vcp_messages_call_id ON vcp_messages (call_id);
CREATE INDEX IF NOT EXISTS vcp_messages_status ON vcp_messages (status);
CREATE INDEX IF NOT EXISTS vcp_messages_time ON vcp_messages (start_time, end_time);

-- Deliveries that may be replayed, each until its signature is not accepted any more.
CREATE TABLE IF NOT EXISTS vcp_replay_keys (
    key BLOB PRIMARY KEY,
    until_ms INTEGER NOT NULL
);

CREATE INDEX IF NOT EXISTS vcp_replay_keys_until ON vcp_replay_keys (until_ms);

-- Statistics by provider and day (UTC). They are counted from the calls, so that a delivery that
-- arrives twice counts once.
CREATE VIEW IF NOT EXISTS provider_analytics AS
SELECT
    provider,
    date(start_time) AS date,
    count(*) AS total_calls,
    count(*) FILTER (WHERE status = 'success') AS successful_calls,
    count(*) FILTER (WHERE status IN ('failure', 'error', 'timeout')) AS failed_calls,
    avg(duration_sec) AS avg_duration_sec,
    sum(total_cost_usd) AS total_cost_usd,
    avg(user_satisfaction_score) AS avg_satisfaction_score
FROM vcp_messages
GROUP BY 1, 2;
