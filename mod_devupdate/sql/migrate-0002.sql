-- From version 1 to version 2: signatures, settings, the chain of activities.
ALTER TABLE package ADD COLUMN signer TEXT NOT NULL DEFAULT '';
ALTER TABLE image ADD COLUMN trust TEXT NOT NULL DEFAULT 'unverified';
ALTER TABLE image ADD COLUMN signer TEXT NOT NULL DEFAULT '';
CREATE TABLE setting (
    scope TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (scope, name)
);
ALTER TABLE activity ADD COLUMN role TEXT NOT NULL DEFAULT '';
ALTER TABLE activity ADD COLUMN digest TEXT NOT NULL DEFAULT '';
UPDATE counter SET value = 2 WHERE name = 'schema';
