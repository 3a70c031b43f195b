-- Time is microseconds since 1970. A flag is the time since when it holds, or null. Digests are SHA-256.

CREATE TABLE account (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    username TEXT NOT NULL,
    email TEXT,
    email_key TEXT UNIQUE,
    -- An unverified claim gives way to another sign-up seven days after this.
    email_claimed_at INTEGER,
    email_verified_at INTEGER,
    first_name TEXT NOT NULL,
    last_name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    facility_id TEXT NOT NULL,
    profile_picture TEXT NOT NULL,
    bio TEXT NOT NULL,
    consent_at INTEGER,
    admin_level INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    disabled_at INTEGER
) STRICT;
CREATE INDEX account_admin ON account (id) WHERE admin_level = 2;

-- Every name that is held or rests. A resting name belongs to nobody, or to an account that gave it up.
CREATE TABLE username (
    key TEXT PRIMARY KEY,
    text TEXT NOT NULL,
    account_id INTEGER,
    rests_until INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX username_account ON username (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX username_rests ON username (rests_until) WHERE rests_until IS NOT NULL;

-- What a name looks like, one to three ways: a non-ASCII name that shares one with another is refused.
CREATE TABLE look (
    skeleton TEXT NOT NULL,
    username_key TEXT NOT NULL REFERENCES username (key) ON DELETE CASCADE,
    PRIMARY KEY (skeleton, username_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX look_username ON look (username_key);

-- One row a skeleton, locked while a name of it is taken, so that two look-alikes cannot be taken at once.
CREATE TABLE skeleton (
    skeleton TEXT PRIMARY KEY,
    taken_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE credential (
    account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    phc TEXT NOT NULL,
    -- Consecutive failures from sources that are not known; a known source counts its own.
    failures INTEGER NOT NULL,
    changed_at INTEGER NOT NULL
) STRICT;

-- Where an account has been used from: a stranger's failures do not lock these out.
CREATE TABLE known_source (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    source TEXT NOT NULL,
    failures INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    PRIMARY KEY (account_id, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    contract TEXT NOT NULL,
    device TEXT NOT NULL,
    address TEXT NOT NULL,
    cookie_digest BLOB UNIQUE,
    -- The family of refresh tokens: digest of its secret, the newest token's place, when it replaced the one
    -- before, when it was first used.
    refresh_digest BLOB,
    refresh_counter INTEGER NOT NULL,
    refresh_rotated_at INTEGER,
    refresh_used_at INTEGER,
    created_at INTEGER NOT NULL,
    last_used_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    idle_expires_at INTEGER NOT NULL,
    ended_at INTEGER
) STRICT;
CREATE INDEX session_account ON session (account_id) WHERE ended_at IS NULL;
CREATE INDEX session_expires ON session (expires_at);
CREATE INDEX session_ended ON session (ended_at) WHERE ended_at IS NOT NULL;

-- A secret that proves an address. The address may differ from the account's: then it is a change that waits.
CREATE TABLE verification (
    digest BLOB PRIMARY KEY,
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL,
    verified_at INTEGER,
    -- Since when another address is meant: the secret is void, but its mail was sent and counts.
    superseded_at INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX verification_account ON verification (account_id, created_at);
CREATE INDEX verification_expires ON verification (expires_at);

-- The queue of mail. A sent mail keeps its row for a while, without its text: the text may hold a secret.
-- A mail that holds one goes with its account.
CREATE TABLE mail (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    account_id INTEGER REFERENCES account (id) ON DELETE CASCADE,
    created_at INTEGER NOT NULL,
    next_try_at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    sent_at INTEGER,
    given_up_at INTEGER,
    last_error TEXT NOT NULL
) STRICT;
CREATE INDEX mail_account ON mail (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX mail_waiting ON mail (next_try_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
CREATE INDEX mail_sent ON mail (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX mail_given_up ON mail (given_up_at) WHERE given_up_at IS NOT NULL;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    action TEXT NOT NULL,
    actor_id INTEGER,
    target_id INTEGER,
    address TEXT NOT NULL,
    session_id INTEGER,
    contract TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;
CREATE INDEX audit_target ON audit (target_id, at);
CREATE INDEX audit_at ON audit (at);

-- The private half is sealed under a key that is not in the database, so a backup alone signs nothing.
CREATE TABLE signing_key (
    kid TEXT PRIMARY KEY,
    algorithm TEXT NOT NULL,
    public_key BLOB NOT NULL,
    sealed_private_key BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    active_from INTEGER NOT NULL,
    expires_at INTEGER
) STRICT, WITHOUT ROWID;

-- The one-time link of the first administrator.
CREATE TABLE setup_link (
    digest BLOB PRIMARY KEY,
    created_at INTEGER NOT NULL,
    used_at INTEGER
) STRICT, WITHOUT ROWID;

-- What other processes must hear of: ended sessions, changed accounts, new keys. One head row, locked by
-- every writer, so that a reader who has seen a seq has seen all before it.
CREATE TABLE control (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    subject INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX control_at ON control (at);

CREATE TABLE control_head (
    id INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL
) STRICT;
INSERT INTO control_head (id, last_seq) VALUES (1, 0);

CREATE TABLE room (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL UNIQUE,
    visibility TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    -- Seconds that events are kept; null keeps them for good.
    retention_seconds INTEGER,
    created_at INTEGER NOT NULL
) STRICT;

-- A deleted account's events stay in their places, without author and text. The reference is what keeps an event
-- that is being written from outliving its author; it is looked at on commit, so that the account can go first.
CREATE TABLE event (
    room_id INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    author_id INTEGER REFERENCES account (id) DEFERRABLE INITIALLY DEFERRED,
    text TEXT NOT NULL,
    client_key TEXT,
    at INTEGER NOT NULL,
    PRIMARY KEY (room_id, seq)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX event_client_key ON event (room_id, author_id, client_key) WHERE client_key IS NOT NULL;
CREATE INDEX event_author ON event (author_id) WHERE author_id IS NOT NULL;

CREATE TABLE read_position (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    room_id INTEGER NOT NULL REFERENCES room (id) ON DELETE CASCADE,
    seq INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (account_id, room_id)
) STRICT, WITHOUT ROWID;
