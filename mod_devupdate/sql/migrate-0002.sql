-- From version 1 to version 2: signatures, settings, the chain of activities (whose digests the program computes afterwards).
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
CREATE INDEX activity_actor ON activity (actor, id);
CREATE INDEX activity_action ON activity (action, id);
UPDATE counter SET value = 2 WHERE name = 'schema';
