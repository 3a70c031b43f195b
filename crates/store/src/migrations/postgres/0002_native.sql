-- What the native contract keeps: rooms with members and moderation, changes of messages, pictures, resets.

ALTER TABLE room ADD COLUMN topic TEXT NOT NULL DEFAULT '';
-- Seconds between two messages of one person; 0 for none.
ALTER TABLE room ADD COLUMN slow_mode_seconds BIGINT NOT NULL DEFAULT 0;
-- Since when the room is gone. Its name rests for a day, so that a message on its way cannot bring it back.
ALTER TABLE room ADD COLUMN deleted_at BIGINT;
-- The last event that the search knows.
ALTER TABLE room ADD COLUMN indexed_seq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX room_deleted ON room (deleted_at) WHERE deleted_at IS NOT NULL;

-- What an event is about: the message of an edit, a deletion or a reaction, the account of a change of standing.
ALTER TABLE event ADD COLUMN target_seq BIGINT;
ALTER TABLE event ADD COLUMN subject_id BIGINT REFERENCES account (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE event ADD COLUMN reply_to BIGINT;
-- A message holds the text that it has now, and none when it was taken away.
ALTER TABLE event ADD COLUMN edited_at BIGINT;
ALTER TABLE event ADD COLUMN erased_at BIGINT;
CREATE INDEX event_subject ON event (subject_id) WHERE subject_id IS NOT NULL;

CREATE TABLE reaction (
    room_id BIGINT NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    seq BIGINT NOT NULL,
    emoji TEXT NOT NULL,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at BIGINT NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, account_id)
);
CREATE INDEX reaction_account ON reaction (account_id);

CREATE TABLE member (
    room_id BIGINT NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (room_id, account_id)
);
CREATE INDEX member_account ON member (account_id);

-- Whoever is muted may read and not write, whether they are a member or not.
CREATE TABLE mute (
    room_id BIGINT NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    until BIGINT NOT NULL,
    PRIMARY KEY (room_id, account_id)
);
CREATE INDEX mute_account ON mute (account_id);
CREATE INDEX mute_until ON mute (until);

CREATE TABLE ban (
    room_id BIGINT NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    by_id BIGINT REFERENCES account (id) ON DELETE SET NULL,
    reason TEXT NOT NULL,
    at BIGINT NOT NULL,
    until BIGINT,
    PRIMARY KEY (room_id, account_id)
);
CREATE INDEX ban_account ON ban (account_id);
CREATE INDEX ban_by ON ban (by_id) WHERE by_id IS NOT NULL;

CREATE TABLE invitation (
    room_id BIGINT NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    by_id BIGINT REFERENCES account (id) ON DELETE SET NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (room_id, account_id)
);
CREATE INDEX invitation_account ON invitation (account_id, at);
CREATE INDEX invitation_by ON invitation (by_id) WHERE by_id IS NOT NULL;

-- A picture as it was written anew: PNG, 256 by 256.
CREATE TABLE avatar (
    account_id BIGINT PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    digest BYTEA NOT NULL,
    png BYTEA NOT NULL,
    changed_at BIGINT NOT NULL
);

-- A secret that sets another password. It works once.
CREATE TABLE password_reset (
    digest BYTEA PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT
);
CREATE INDEX password_reset_account ON password_reset (account_id, created_at);
CREATE INDEX password_reset_expires ON password_reset (expires_at);

-- What was answered to a request that named itself, so that a repeat is answered alike. Never with a secret in it.
CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_digest BYTEA NOT NULL,
    -- Null while the first one is under way.
    status BIGINT,
    answer TEXT NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_at ON idempotency (at);

-- Who begins so: for lists that are searched by the beginning of a name, in ASCII without case. What is searched so
-- is compared byte by byte, whatever the database's own order is: as SQLite does it.
ALTER TABLE username ALTER COLUMN key TYPE TEXT COLLATE "C";
ALTER TABLE room ALTER COLUMN name_key TYPE TEXT COLLATE "C";
ALTER TABLE account ALTER COLUMN email_key TYPE TEXT COLLATE "C";
ALTER TABLE account ALTER COLUMN display_name TYPE TEXT COLLATE "C";
CREATE INDEX account_display_name ON account (lower(display_name));
