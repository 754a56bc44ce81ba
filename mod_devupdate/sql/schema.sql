-- The store, version 3. One text for SQLite and PostgreSQL: types that both know, ids given by table `counter`,
-- times as microseconds since 1970 (UTC), an absent version as ''. A column that a migration adds stands last and has the
-- default it gave to the rows before, so that a store that was brought here and a new one have the same schema.

-- Counters. 'generation' is raised first in every change: it tells the nodes, and it makes writers wait for each other.
CREATE TABLE counter (
    name  TEXT PRIMARY KEY,
    value BIGINT NOT NULL
);
INSERT INTO counter (name, value) VALUES ('schema', 3);
INSERT INTO counter (name, value) VALUES ('generation', 1);
INSERT INTO counter (name, value) VALUES ('package', 0);
INSERT INTO counter (name, value) VALUES ('rule', 0);
INSERT INTO counter (name, value) VALUES ('image', 0);
INSERT INTO counter (name, value) VALUES ('activity', 0);
INSERT INTO counter (name, value) VALUES ('device', 0);
INSERT INTO counter (name, value) VALUES ('device_count', 0);

-- One imported cabinet. `trust` is the least that is known about one of its images, `signer` who signed the cabinet itself.
CREATE TABLE package (
    id       BIGINT PRIMARY KEY,
    digest   TEXT   NOT NULL UNIQUE,
    filename TEXT   NOT NULL,
    size     BIGINT NOT NULL,
    imported BIGINT NOT NULL,
    actor    TEXT   NOT NULL,
    note     TEXT   NOT NULL,
    trust    TEXT   NOT NULL,
    signer   TEXT   NOT NULL DEFAULT ''
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
-- `trust` is "verified", "expired" or "unverified", and stays what it was at the import; `signer` is who signed its catalogues.
CREATE TABLE image (
    id         BIGINT PRIMARY KEY,
    rule_id    BIGINT NOT NULL REFERENCES rule (id),
    version    TEXT   NOT NULL,
    package_id BIGINT NOT NULL REFERENCES package (id),
    trust      TEXT   NOT NULL DEFAULT 'unverified',
    signer     TEXT   NOT NULL DEFAULT '',
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

-- A value that differs from the default. `scope` is '' for the global one, otherwise a site's `name_key`.
CREATE TABLE setting (
    scope TEXT NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (scope, name)
);

-- Who changed what. Rows are only ever added. `digest` covers the row and the digest of the one before (du_activity.h).
CREATE TABLE activity (
    id     BIGINT PRIMARY KEY,
    time   BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    node   TEXT   NOT NULL,
    action TEXT   NOT NULL,
    object TEXT   NOT NULL,
    before TEXT   NOT NULL,
    after  TEXT   NOT NULL,
    note   TEXT   NOT NULL,
    role   TEXT   NOT NULL DEFAULT '',
    digest TEXT   NOT NULL DEFAULT ''
);
CREATE INDEX activity_actor ON activity (actor, id);
CREATE INDEX activity_action ON activity (action, id);
CREATE INDEX activity_object ON activity (object, id);

-- Who may do what on the pages. `name` is the account as httpd names it, `site_key` where: '' everywhere.
CREATE TABLE role (
    name     TEXT PRIMARY KEY,
    role     TEXT NOT NULL,
    site_key TEXT NOT NULL
);

-- What only the programs know: the key that tokens of the pages are signed with, and as "store" who this store is (du_identity.h).
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- How far a file of records was read. `file` is its path below DeviceUpdateLogs, which names the node and the day.
CREATE TABLE reading (
    file     TEXT   PRIMARY KEY,
    position BIGINT NOT NULL,
    time     BIGINT NOT NULL
);

-- A node, as it said at `seen`: generation of the rule set that its phones are served from (-1 = it has none), when that was
-- compiled, and since when the store has been further (0 = it is not).
CREATE TABLE node (
    name         TEXT   PRIMARY KEY,
    seen         BIGINT NOT NULL,
    generation   BIGINT NOT NULL,
    compiled     BIGINT NOT NULL,
    behind_since BIGINT NOT NULL
);

-- How many phones there are of each kind, version, site and state: what a device row says of these by pointing here. A row
-- stays when its last phone leaves it. `device_key` is as in `rule`; "binary" is the order of bytes (du_db.h).
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

-- Phones of a kind by version: the sums of device_count.
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

-- One phone, as its records say, without its names, which are in device_name.
-- `offered` is the version it was offered last and still does not report, `offers` how often; `taken` the version it
-- downloaded last, which it did after offer number `taken_offer`, and `takes` how often it was offered that again afterwards;
-- `held` one that it is not offered any more, '*' = any. The state that `count_id` names is that of its last
-- record (du_phone.h).
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

-- What a phone is known by: a row for each of `device`, apart from it because PostgreSQL writes every index of a table whose
-- row is written anew, and the other row is with every check. `mac` and `serial` are canonical, '' = it never said one; a phone
-- with neither is known by its address alone. `mac_reverse` is the digits of the MAC address from the last to the first.
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

-- What a phone did, the last so many of each. `number` counts up in a phone.
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

-- Kinds of phones without a rule.
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

-- What a node did in an hour; `hour` is the time it began.
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

-- How far a rule's approved version has come, hour by hour while that changes.
CREATE TABLE rollout (
    rule_id BIGINT NOT NULL,
    hour    BIGINT NOT NULL,
    version TEXT   NOT NULL,
    current BIGINT NOT NULL,
    phones  BIGINT NOT NULL,
    PRIMARY KEY (rule_id, hour)
);

-- The phones of a rule when its approved version became that: how many there were, and how many of them ran it already.
CREATE TABLE forecast (
    rule_id BIGINT PRIMARY KEY,
    version TEXT   NOT NULL,
    time    BIGINT NOT NULL,
    known   BIGINT NOT NULL,
    there   BIGINT NOT NULL
);
