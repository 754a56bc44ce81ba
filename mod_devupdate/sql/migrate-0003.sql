-- From version 2 to version 3: roles of the pages, the inventory of phones.
INSERT INTO counter (name, value) VALUES ('device', 0);
CREATE TABLE role (
    name     TEXT PRIMARY KEY,
    role     TEXT NOT NULL,
    site_key TEXT NOT NULL
);
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
CREATE TABLE reading (
    file     TEXT   PRIMARY KEY,
    position BIGINT NOT NULL,
    time     BIGINT NOT NULL
);
CREATE TABLE device (
    id             BIGINT  PRIMARY KEY,
    mac            TEXT    NOT NULL,
    mac_reverse    TEXT    NOT NULL,
    serial         TEXT    NOT NULL,
    address        TEXT    NOT NULL,
    device_key     TEXT    NOT NULL,
    type           TEXT    NOT NULL,
    brand          TEXT    NOT NULL,
    model          TEXT    NOT NULL,
    revision       TEXT    NOT NULL,
    locale         TEXT    NOT NULL,
    version        TEXT    NOT NULL,
    version_before TEXT    NOT NULL,
    version_time   BIGINT  NOT NULL,
    site_key       TEXT    NOT NULL,
    user_name      TEXT    NOT NULL,
    node           TEXT    NOT NULL,
    endpoint       TEXT    NOT NULL,
    first_seen     BIGINT  NOT NULL,
    last_seen      BIGINT  NOT NULL,
    checks         BIGINT  NOT NULL,
    result         TEXT    NOT NULL,
    reason         TEXT    NOT NULL,
    offered        TEXT    NOT NULL,
    offered_time   BIGINT  NOT NULL,
    offers         INTEGER NOT NULL,
    taken          TEXT    NOT NULL,
    taken_time     BIGINT  NOT NULL,
    taken_bytes    BIGINT  NOT NULL,
    taken_size     BIGINT  NOT NULL,
    held           TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    events         BIGINT  NOT NULL
);
CREATE INDEX device_mac ON device (mac);
CREATE INDEX device_mac_reverse ON device (mac_reverse);
CREATE INDEX device_serial ON device (serial);
CREATE INDEX device_address ON device (address);
CREATE INDEX device_seen ON device (last_seen);
CREATE TABLE device_event (
    device_id BIGINT NOT NULL,
    number    BIGINT NOT NULL,
    time      BIGINT NOT NULL,
    kind      TEXT   NOT NULL,
    node      TEXT   NOT NULL,
    address   TEXT   NOT NULL,
    version   TEXT   NOT NULL,
    offered   TEXT   NOT NULL,
    result    TEXT   NOT NULL,
    reason    TEXT   NOT NULL,
    file      TEXT   NOT NULL,
    bytes     BIGINT NOT NULL,
    PRIMARY KEY (device_id, number)
);
CREATE TABLE device_count (
    count_key  TEXT   PRIMARY KEY,
    device_key TEXT   NOT NULL,
    type       TEXT   NOT NULL,
    brand      TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    revision   TEXT   NOT NULL,
    locale     TEXT   NOT NULL,
    version    TEXT   NOT NULL,
    site_key   TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    phones     BIGINT NOT NULL
);
CREATE TABLE stranger (
    device_key TEXT   PRIMARY KEY,
    type       TEXT   NOT NULL,
    brand      TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    revision   TEXT   NOT NULL,
    locale     TEXT   NOT NULL,
    checks     BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL
);
CREATE TABLE traffic (
    hour      BIGINT NOT NULL,
    node      TEXT   NOT NULL,
    checks    BIGINT NOT NULL,
    offers    BIGINT NOT NULL,
    refused   BIGINT NOT NULL,
    downloads BIGINT NOT NULL,
    bytes     BIGINT NOT NULL,
    uploads   BIGINT NOT NULL,
    PRIMARY KEY (hour, node)
);
CREATE TABLE rollout (
    rule_id BIGINT NOT NULL,
    hour    BIGINT NOT NULL,
    version TEXT   NOT NULL,
    current BIGINT NOT NULL,
    phones  BIGINT NOT NULL,
    PRIMARY KEY (rule_id, hour)
);
UPDATE counter SET value = 3 WHERE name = 'schema';
