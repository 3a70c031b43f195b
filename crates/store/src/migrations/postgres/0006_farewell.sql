-- Since when an account is going: its owner has said so, and what it leaves behind is cleared away step by step. It may be
-- cut off at any of them, and goes on from there.

ALTER TABLE account ADD COLUMN leaving_at BIGINT;
CREATE INDEX account_leaving ON account (leaving_at) WHERE leaving_at IS NOT NULL;
