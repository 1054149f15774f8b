-- Calls in PostgreSQL 12 or later: one row a call, made of all its deliveries.
--
-- The columns are those that the specification recommends (overview, "Database Schema
-- Recommendations"), with these differences:
-- - `id` is made of provider and call id, so that a call has one row.
-- - `raw_payload` is text. `jsonb` changes the order of members and the spelling of numbers, so
--   that a checksum does not match any more, and it refuses the escape \u0000.
-- - `created_at` is the time of receipt of the delivery that was stored first. `updated_at`, which
--   is added, is that of the delivery that was stored last.
-- - Words and ids have no longest length, because a provider may send any. Seconds are 64 bits.
-- - What each message has is NOT NULL. Nothing has a default: the times come from the service.
-- - The cost and the score are columns, for the statistics.
-- - The statistics are a view, so they have no `id`.

CREATE TABLE IF NOT EXISTS vcp_messages (
    id UUID PRIMARY KEY,
    call_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    vcp_version TEXT NOT NULL,
    raw_payload TEXT NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    start_time TIMESTAMPTZ NOT NULL,
    end_time TIMESTAMPTZ,
    duration_sec BIGINT,
    channel TEXT,
    direction TEXT,
    status TEXT NOT NULL,
    total_cost_usd DOUBLE PRECISION,
    user_satisfaction_score DOUBLE PRECISION
);

CREATE INDEX IF NOT EXISTS vcp_messages_provider_created ON vcp_messages (provider, created_at);
-- A hash, because a B-tree refuses ids of more than 2 700 bytes.
CREATE INDEX IF NOT EXISTS vcp_messages_call_id ON vcp_messages USING hash (call_id);
CREATE INDEX IF NOT EXISTS vcp_messages_status ON vcp_messages (status);
CREATE INDEX IF NOT EXISTS vcp_messages_time ON vcp_messages (start_time, end_time);

-- Deliveries that may be replayed, each until its signature is not accepted any more.
CREATE TABLE IF NOT EXISTS vcp_replay_keys (
    key BYTEA PRIMARY KEY,
    until_ms BIGINT NOT NULL
);

CREATE INDEX IF NOT EXISTS vcp_replay_keys_until ON vcp_replay_keys (until_ms);

-- Statistics by provider and day (UTC). They are counted from the calls, so that a delivery that
-- arrives twice counts once.
CREATE OR REPLACE VIEW provider_analytics AS
SELECT
    provider,
    (start_time AT TIME ZONE 'UTC')::date AS date,
    count(*) AS total_calls,
    count(*) FILTER (WHERE status = 'success') AS successful_calls,
    count(*) FILTER (WHERE status IN ('failure', 'error', 'timeout')) AS failed_calls,
    avg(duration_sec)::double precision AS avg_duration_sec,
    sum(total_cost_usd) AS total_cost_usd,
    avg(user_satisfaction_score) AS avg_satisfaction_score
FROM vcp_messages
GROUP BY 1, 2;
