-- The servers that run on this database. Whoever sees that a node's beat stands still for long takes it away.
CREATE TABLE node (
    -- Drawn at each start.
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    -- Where it listens, for people who look at the table.
    address TEXT NOT NULL,
    version TEXT NOT NULL,
    -- Grows while the node lives. Observers compare it with what they saw before, and no clocks.
    beat INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    beat_at INTEGER NOT NULL
) STRICT;
