-- What is found again: reactions of a message at a glance, public rooms by name, messages by their words.

-- Since when somebody has reacted to this message; null spares looking for reactions.
ALTER TABLE event ADD COLUMN reacted_at BIGINT;
