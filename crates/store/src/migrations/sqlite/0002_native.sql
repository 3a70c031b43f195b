-- What the native contract keeps: rooms with members and moderation, changes of messages, pictures, resets.

ALTER TABLE room ADD COLUMN topic TEXT NOT NULL DEFAULT '';
-- Seconds between two messages of one person; 0 for none.
ALTER TABLE room ADD COLUMN slow_mode_seconds INTEGER NOT NULL DEFAULT 0;
-- Since when the room is gone. Its name rests for a day, so that a message on its way cannot bring it back.
ALTER TABLE room ADD COLUMN deleted_at INTEGER;
-- The last event that the search knows.
ALTER TABLE room ADD COLUMN indexed_seq INTEGER NOT NULL DEFAULT 0;
CREATE INDEX room_deleted ON room (deleted_at) WHERE deleted_at IS NOT NULL;

-- What an event is about: the message of an edit, a deletion or a reaction, the account of a change of standing.
ALTER TABLE event ADD COLUMN target_seq INTEGER;
ALTER TABLE event ADD COLUMN subject_id INTEGER REFERENCES account (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE event ADD COLUMN reply_to INTEGER;
-- A message holds the text that it has now, and none when it was taken away.
ALTER TABLE event ADD COLUMN edited_at INTEGER;
ALTER TABLE event ADD COLUMN erased_at INTEGER;
CREATE INDEX event_subject ON event (subject_id) WHERE subject_id IS NOT NULL;

CREATE TABLE reaction (
    room_id INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    emoji TEXT NOT NULL,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    at INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq, emoji, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reaction_account ON reaction (account_id);

CREATE TABLE member (
    room_id INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    role TEXT NOT NULL,
    joined_at INTEGER NOT NULL,
    PRIMARY KEY (room_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX member_account ON member (account_id);

-- Whoever is muted may read and not write, whether they are a member or not.
CREATE TABLE mute (
    room_id INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    until INTEGER NOT NULL,
    PRIMARY KEY (room_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX mute_account ON mute (account_id);
CREATE INDEX mute_until ON mute (until);

CREATE TABLE ban (
    room_id INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    by_id INTEGER REFERENCES account (id) ON DELETE SET NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    until INTEGER,
    PRIMARY KEY (room_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX ban_account ON ban (account_id);
CREATE INDEX ban_by ON ban (by_id) WHERE by_id IS NOT NULL;

CREATE TABLE invitation (
    room_id INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    by_id INTEGER REFERENCES account (id) ON DELETE SET NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (room_id, account_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_account ON invitation (account_id, at);
CREATE INDEX invitation_by ON invitation (by_id) WHERE by_id IS NOT NULL;

-- A picture as it was written anew: PNG, 256 by 256.
CREATE TABLE avatar (
    account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    digest BLOB NOT NULL,
    png BLOB NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- A secret that sets another password. It works once.
CREATE TABLE password_reset (
    digest BLOB PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX password_reset_account ON password_reset (account_id, created_at);
CREATE INDEX password_reset_expires ON password_reset (expires_at);

-- What was answered to a request that named itself, so that a repeat is answered alike. Never with a secret in it.
CREATE TABLE idempotency (
    scope TEXT NOT NULL,
    key TEXT NOT NULL,
    request_digest BLOB NOT NULL,
    -- Null while the first one is under way.
    status INTEGER,
    answer TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_at ON idempotency (at);

-- Who begins so: for lists that are searched by the beginning of a name, in ASCII without case.
CREATE INDEX account_display_name ON account (lower(display_name));
