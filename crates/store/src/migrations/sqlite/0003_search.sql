-- What is found again: reactions of a message at a glance, public rooms by name, messages by their words.

-- Since when somebody has reacted to this message; null spares looking for reactions.
ALTER TABLE event ADD COLUMN reacted_at INTEGER;

CREATE INDEX room_public ON room (name_key) WHERE visibility = 'public' AND deleted_at IS NULL;

-- Messages that the search knows, numbered as they became known. The words are derived from the log, in transactions
-- of their own; both go with the event.
CREATE TABLE search_entry (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    room_id INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    UNIQUE (room_id, seq),
    FOREIGN KEY (room_id, seq) REFERENCES event (room_id, seq) ON DELETE CASCADE
) STRICT;

-- Its rows have the numbers of the entries. Words come folded and apart, so there is nothing for a tokenizer to know.
CREATE VIRTUAL TABLE event_text USING fts5 (words, content = '', contentless_delete = 1, tokenize = 'ascii');
CREATE TRIGGER search_entry_gone AFTER DELETE ON search_entry BEGIN
    DELETE FROM event_text WHERE rowid = old.id;
END;
