-- From version 2 to version 3: roles of the pages, the inventory of phones.
INSERT INTO counter (name, value) VALUES ('device', 0);
INSERT INTO counter (name, value) VALUES ('device_count', 0);
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
CREATE TABLE node (
    name         TEXT   PRIMARY KEY,
    seen         BIGINT NOT NULL,
    generation   BIGINT NOT NULL,
    compiled     BIGINT NOT NULL,
    behind_since BIGINT NOT NULL
);
CREATE TABLE device_count (
    id         BIGINT PRIMARY KEY,
    device_key TEXT   NOT NULL COLLATE "binary",
    type       TEXT   NOT NULL,
    brand      TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    revision   TEXT   NOT NULL,
    locale     TEXT   NOT NULL,
    version    TEXT   NOT NULL COLLATE "binary",
    site_key   TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    phones     BIGINT NOT NULL,
    UNIQUE (device_key, version, site_key, state)
);
CREATE INDEX device_count_order ON device_count (device_key, version, id);
CREATE INDEX device_count_state ON device_count (state, phones);
CREATE TABLE device_version (
    device_key TEXT   NOT NULL COLLATE "binary",
    version    TEXT   NOT NULL COLLATE "binary",
    type       TEXT   NOT NULL,
    brand      TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    revision   TEXT   NOT NULL,
    locale     TEXT   NOT NULL,
    phones     BIGINT NOT NULL,
    PRIMARY KEY (device_key, version)
);
CREATE TABLE device (
    id             BIGINT  PRIMARY KEY,
    count_id       BIGINT  NOT NULL,
    state          TEXT    NOT NULL,
    version_before TEXT    NOT NULL,
    version_time   BIGINT  NOT NULL,
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
    events         BIGINT  NOT NULL,
    takes          INTEGER NOT NULL DEFAULT 0,
    taken_offer    INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX device_seen ON device (last_seen, id, count_id, state);
CREATE INDEX device_of_count ON device (count_id, id);
CREATE INDEX device_held ON device (held, id) WHERE held > '';
CREATE TABLE device_name (
    device_id   BIGINT PRIMARY KEY,
    mac         TEXT   NOT NULL COLLATE "binary",
    mac_reverse TEXT   NOT NULL COLLATE "binary",
    serial      TEXT   NOT NULL COLLATE "binary",
    address     TEXT   NOT NULL COLLATE "binary",
    user_name   TEXT   NOT NULL COLLATE "binary"
);
CREATE INDEX device_name_mac ON device_name (mac, device_id);
CREATE INDEX device_name_mac_reverse ON device_name (mac_reverse);
CREATE INDEX device_name_serial ON device_name (serial, mac);
CREATE INDEX device_name_address ON device_name (address, mac);
CREATE INDEX device_name_user ON device_name (lower(user_name));
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
CREATE TABLE stranger (
    device_key TEXT   COLLATE "binary" PRIMARY KEY,
    type       TEXT   NOT NULL,
    brand      TEXT   NOT NULL,
    model      TEXT   NOT NULL,
    revision   TEXT   NOT NULL,
    locale     TEXT   NOT NULL,
    checks     BIGINT NOT NULL,
    first_seen BIGINT NOT NULL,
    last_seen  BIGINT NOT NULL
);
CREATE INDEX stranger_seen ON stranger (last_seen, device_key);
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
CREATE TABLE forecast (
    rule_id BIGINT PRIMARY KEY,
    version TEXT   NOT NULL,
    time    BIGINT NOT NULL,
    known   BIGINT NOT NULL,
    there   BIGINT NOT NULL
);
UPDATE counter SET value = 3 WHERE name = 'schema';
CREATE INDEX activity_object ON activity (object, id);
