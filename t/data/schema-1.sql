-- The store, version 1. One text for SQLite and PostgreSQL: types that both know, ids given by table `counter`,
-- times as microseconds since 1970 (UTC), an absent version as ''.

-- Counters. 'generation' is raised first in every change: it tells the nodes, and it makes writers wait for each other.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('schema', 1);
INSERT INTO counter (name, value) VALUES ('generation', 1);
INSERT INTO counter (name, value) VALUES ('package', 0);
INSERT INTO counter (name, value) VALUES ('rule', 0);
INSERT INTO counter (name, value) VALUES ('image', 0);
INSERT INTO counter (name, value) VALUES ('activity', 0);

-- One imported cabinet.
CREATE TABLE package (
    id       BIGINT PRIMARY KEY,
    digest   TEXT   NOT NULL UNIQUE,
    filename TEXT   NOT NULL,
    size     BIGINT NOT NULL,
    imported BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    trust    TEXT   NOT NULL
);

-- One kind of device. `device_key` is the five parts in lower case joined by '/': what makes a rule unique.
CREATE TABLE rule (
    id          BIGINT PRIMARY KEY,
    device_key  TEXT   NOT NULL UNIQUE,
    type        TEXT   NOT NULL,
    brand       TEXT   NOT NULL,
    model       TEXT   NOT NULL,
    revision    TEXT   NOT NULL,
    locale      TEXT   NOT NULL,
    update_type TEXT   NOT NULL,
    pending     TEXT   NOT NULL,
    approved    TEXT   NOT NULL,
    restore     TEXT   NOT NULL
);

-- One version for one rule; stays when no version of the rule names it any more, until its files are cleared.
CREATE TABLE image (
    id         BIGINT PRIMARY KEY,
    rule_id    BIGINT NOT NULL REFERENCES rule (id),
    version    TEXT   NOT NULL,
    package_id BIGINT NOT NULL REFERENCES package (id),
    UNIQUE (rule_id, version)
);
CREATE INDEX image_package ON image (package_id);

-- One file of an image with the security catalogue that covers it. Digests are SHA-256, hexadecimal.
CREATE TABLE image_file (
    image_id         BIGINT  NOT NULL REFERENCES image (id),
    position         INTEGER NOT NULL,
    name             TEXT    NOT NULL,
    size             BIGINT  NOT NULL,
    digest           TEXT    NOT NULL,
    signature        TEXT    NOT NULL,
    signature_size   BIGINT  NOT NULL,
    signature_digest TEXT    NOT NULL,
    timestamp        TEXT    NOT NULL,
    PRIMARY KEY (image_id, position)
);

-- A name for a set of subnets. `name_key` is the name in lower case.
CREATE TABLE site (
    name_key TEXT PRIMARY KEY,
    name     TEXT NOT NULL
);

-- A subnet belongs to one site; `subnet` has one spelling for each.
CREATE TABLE site_subnet (
    subnet   TEXT PRIMARY KEY,
    name_key TEXT NOT NULL REFERENCES site (name_key)
);
CREATE INDEX site_subnet_site ON site_subnet (name_key);

-- A phone that is offered pending versions. `site_key` is '' for the global scope; `identifier` is a canonical MAC address
-- or a serial number in lower case, `shown` what was typed.
CREATE TABLE test_device (
    site_key   TEXT NOT NULL,
    name_key   TEXT NOT NULL,
    name       TEXT NOT NULL,
    kind       TEXT NOT NULL,
    identifier TEXT NOT NULL,
    shown      TEXT NOT NULL,
    PRIMARY KEY (site_key, name_key)
);

-- Who changed what. Rows are only ever added.
CREATE TABLE activity (
    id     BIGINT PRIMARY KEY,
    time   BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    node   TEXT   NOT NULL,
    action TEXT   NOT NULL,
    object TEXT   NOT NULL,
    before TEXT   NOT NULL,
    after  TEXT   NOT NULL,
    note   TEXT   NOT NULL
);
