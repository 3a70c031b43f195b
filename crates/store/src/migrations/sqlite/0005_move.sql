-- What has come from another database, while everything is moved here. A row that is not finished keeps servers out.
CREATE TABLE arrival (
    table_name TEXT PRIMARY KEY,
    copied INTEGER NOT NULL,
    finished_at INTEGER
) STRICT;
