-- Every statement of the product but the schema. `-- name: x` makes DU_SQL_X; the lines up to the next name are its text.
-- Parameters are apr_dbd's: %s text, %d INTEGER, %lld BIGINT; a literal percent sign would be %%.
-- `-- rows: 64` makes DU_SQL_X_MANY, too: the same for 64 rows, for which what stands in braces is there 64 times.
-- `-- part: y` begins a text that stands for @y in those behind it.
-- All of them are prepared on a fresh schema by the tests, and none may scan a table but those that say "scan".

-- name: counter
SELECT value FROM counter WHERE name = %s

-- name: counter_raise
UPDATE counter SET value = value + %lld WHERE name = %s

-- name: rules
-- scan: all rules are wanted
SELECT id, type, brand, model, revision, locale, update_type, pending, approved, restore FROM rule ORDER BY id

-- name: rule
SELECT id, type, brand, model, revision, locale, update_type, pending, approved, restore FROM rule WHERE id = %lld

-- name: rule_by_key
SELECT id, type, brand, model, revision, locale, update_type, pending, approved, restore FROM rule WHERE device_key = %s

-- name: rule_insert
INSERT INTO rule (id, device_key, type, brand, model, revision, locale, update_type, pending, approved, restore)
VALUES (%lld, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)

-- name: rule_versions
-- rows: 64
-- the last three parameters are what the rule must still have
WITH v (id, pending, approved, restore, was_pending, was_approved, was_restore) AS
(VALUES {(CAST(%lld AS BIGINT), %s, %s, %s, %s, %s, %s)})
UPDATE rule SET pending = v.pending, approved = v.approved, restore = v.restore FROM v
WHERE rule.id = v.id AND rule.pending = was_pending AND rule.approved = was_approved AND rule.restore = was_restore

-- name: rule_delete
-- rows: 64
-- the last three parameters are what the rule must still have
WITH v (id, was_pending, was_approved, was_restore) AS (VALUES {(CAST(%lld AS BIGINT), %s, %s, %s)})
DELETE FROM rule WHERE id IN (SELECT r.id FROM v JOIN rule r
ON r.id = v.id AND r.pending = was_pending AND r.approved = was_approved AND r.restore = was_restore)

-- name: rule_images_delete
-- rows: 64
DELETE FROM image WHERE rule_id IN ({%lld})

-- name: rule_forecasts_delete
-- rows: 64
DELETE FROM forecast WHERE rule_id IN ({%lld})

-- name: rule_files_delete
-- rows: 64
DELETE FROM image_file WHERE image_id IN (SELECT id FROM image WHERE rule_id IN ({%lld}))

-- name: ruleset_files
-- scan: every file that a rule's versions name, in the order of `rules`
SELECT r.id, i.version, f.name, f.size, f.digest, f.signature, f.signature_size, f.signature_digest, f.timestamp
FROM rule r JOIN image i ON i.rule_id = r.id AND i.version IN (r.pending, r.approved, r.restore)
JOIN image_file f ON f.image_id = i.id
ORDER BY r.id, i.id, f.position

-- name: image
SELECT id, version, trust, signer FROM image WHERE rule_id = %lld AND version = %s

-- name: image_insert
INSERT INTO image (id, rule_id, version, package_id, trust, signer) VALUES (%lld, %lld, %s, %lld, %s, %s)

-- name: images
-- scan: all stored versions are wanted
SELECT i.id, r.id, r.type, r.brand, r.model, r.revision, r.locale, r.update_type, r.pending, r.approved, r.restore, i.version
FROM image i JOIN rule r ON r.id = i.rule_id ORDER BY r.id, i.id

-- name: image_versions
-- those of one rule, the oldest first
SELECT version FROM image WHERE rule_id = %lld ORDER BY id

-- name: images_unverified
-- scan: what is marked is looked for everywhere
SELECT rule_id, version FROM image WHERE trust = %s

-- name: image_delete
DELETE FROM image WHERE id = %lld

-- name: image_files_delete
DELETE FROM image_file WHERE image_id = %lld

-- name: image_files
SELECT name, size, digest, signature, signature_size, signature_digest, timestamp
FROM image_file WHERE image_id = %lld ORDER BY position

-- name: image_file_insert
INSERT INTO image_file
(image_id, position, name, size, digest, signature, signature_size, signature_digest, timestamp)
VALUES (%lld, %d, %s, %lld, %s, %s, %lld, %s, %s)

-- name: packages
-- scan: all packages are wanted
SELECT id, filename, size, digest, imported, actor, note, trust, signer FROM package ORDER BY id

-- name: package
SELECT id, filename, size, digest, imported, actor, note, trust, signer FROM package WHERE id = %lld

-- name: package_by_digest
SELECT id, filename, size, digest, imported, actor, note, trust, signer FROM package WHERE digest = %s

-- name: package_insert
INSERT INTO package (filename, size, imported, actor, note, trust, signer, digest, id)
VALUES (%s, %lld, %lld, %s, %s, %s, %s, %s, %lld)

-- name: package_update
UPDATE package SET filename = %s, size = %lld, imported = %lld, actor = %s, note = %s, trust = %s, signer = %s
WHERE digest = %s AND id = %lld

-- name: package_images
SELECT i.id, r.id, r.type, r.brand, r.model, r.revision, r.locale, r.update_type, i.version, i.trust, i.signer
FROM image i JOIN rule r ON r.id = i.rule_id WHERE i.package_id = %lld ORDER BY i.id

-- name: sites
-- scan: all sites are wanted
SELECT name FROM site ORDER BY name_key

-- name: site
SELECT name FROM site WHERE name_key = %s

-- name: site_insert
INSERT INTO site (name_key, name) VALUES (%s, %s)

-- name: site_delete
DELETE FROM site WHERE name_key = %s

-- name: site_subnets
SELECT subnet FROM site_subnet WHERE name_key = %s ORDER BY subnet

-- name: subnet_site
SELECT s.name FROM site_subnet n JOIN site s ON s.name_key = n.name_key WHERE n.subnet = %s

-- name: site_subnet_insert
INSERT INTO site_subnet (subnet, name_key) VALUES (%s, %s)

-- name: site_subnets_delete
DELETE FROM site_subnet WHERE name_key = %s

-- name: test_devices
-- scan: all test devices are wanted
SELECT t.site_key, COALESCE(s.name, t.site_key), t.name, t.kind, t.identifier, t.shown
FROM test_device t LEFT JOIN site s ON s.name_key = t.site_key ORDER BY t.site_key, t.name_key

-- name: test_devices_of_site
SELECT name_key FROM test_device WHERE site_key = %s ORDER BY name_key

-- name: test_device_insert
INSERT INTO test_device (site_key, name_key, name, kind, identifier, shown) VALUES (%s, %s, %s, %s, %s, %s)

-- name: test_device_delete
DELETE FROM test_device WHERE site_key = %s AND name_key = %s

-- name: test_devices_delete
DELETE FROM test_device WHERE site_key = %s

-- name: settings
SELECT name, value FROM setting WHERE scope = %s ORDER BY name

-- name: setting_insert
INSERT INTO setting (scope, name, value) VALUES (%s, %s, %s)

-- name: setting_delete
DELETE FROM setting WHERE scope = %s AND name = %s

-- name: settings_delete
DELETE FROM setting WHERE scope = %s

-- name: roles
-- scan: everybody is wanted
SELECT r.name, r.role, r.site_key, COALESCE(s.name, r.site_key) FROM role r LEFT JOIN site s ON s.name_key = r.site_key
ORDER BY r.name

-- name: role
SELECT r.name, r.role, r.site_key, COALESCE(s.name, r.site_key) FROM role r LEFT JOIN site s ON s.name_key = r.site_key
WHERE r.name = %s

-- name: roles_of_site
-- scan: removing a site is rare, and accounts are few
SELECT name FROM role WHERE site_key = %s ORDER BY name

-- name: role_insert
INSERT INTO role (name, role, site_key) VALUES (%s, %s, %s)

-- name: role_delete
DELETE FROM role WHERE name = %s

-- name: secret
SELECT value FROM secret WHERE name = %s

-- name: secret_insert
INSERT INTO secret (name, value) VALUES (%s, %s)

-- name: identity
SELECT value FROM secret WHERE name = 'store'

-- name: identity_insert
INSERT INTO secret (name, value) VALUES ('store', %s) ON CONFLICT (name) DO NOTHING

-- name: activity_digest
SELECT digest FROM activity WHERE id = %lld

-- name: recent_refusals
-- scan: of at most a hundred rows, the account's newest
SELECT r.id FROM (SELECT id, time, action, object, after FROM activity WHERE actor = %s ORDER BY id DESC LIMIT 100) r
WHERE r.action = 'refuse' AND r.object = %s AND r.after = %s AND r.time > %lld AND r.time <= %lld

-- name: activity_seal
-- only store migrate does this, to rows of the time before the chain
UPDATE activity SET digest = %s WHERE id = %lld

-- name: activities
-- newest first; ends at the limit, or at the first row if few match. '' matches everything.
SELECT id, time, actor, node, action, object, before, after, note, role, digest FROM activity
WHERE id < %lld AND time >= %lld AND time < %lld AND substr(object, 1, length(%s)) = %s
ORDER BY id DESC LIMIT %d

-- name: activities_of_action
SELECT id, time, actor, node, action, object, before, after, note, role, digest FROM activity
WHERE action = %s AND id < %lld AND time >= %lld AND time < %lld AND substr(object, 1, length(%s)) = %s
ORDER BY id DESC LIMIT %d

-- name: activities_of_actor
SELECT id, time, actor, node, action, object, before, after, note, role, digest FROM activity
WHERE actor = %s AND id < %lld AND time >= %lld AND time < %lld AND substr(object, 1, length(%s)) = %s
AND (%s = '' OR action = %s)
ORDER BY id DESC LIMIT %d

-- The inventory. Its statements are put together of parts. d is the phone, n its names, c the row of what it shares with
-- others (of device_count or device_version); a CROSS JOIN tells SQLite which of them to look at first, and a + keeps it from
-- using a column's index. All that find phones have the same parameters in the same order: where the page begins, seen since,
-- seen before, a word if some kinds only, eight pairs for these, a word if some texts only, five ranges for these, limit.

-- part: phone
d.id, d.count_id, n.mac, n.serial, n.address, c.type, c.brand, c.model, c.revision, c.locale, c.version, d.version_before,
d.version_time, COALESCE(s.name, c.site_key), n.user_name, d.node, d.endpoint, d.first_seen, d.last_seen, d.checks, d.result,
d.reason, d.offered, d.offered_time, d.offers, d.taken, d.taken_time, d.taken_bytes, d.taken_size, d.held, d.events, d.takes, c.state

-- part: phones_first
SELECT @phone FROM device d CROSS JOIN device_count c CROSS JOIN device_name n LEFT JOIN site s ON s.name_key = c.site_key
WHERE c.id = d.count_id AND n.device_id = d.id

-- part: names_first
SELECT @phone FROM device_name n CROSS JOIN device d CROSS JOIN device_count c LEFT JOIN site s ON s.name_key = c.site_key
WHERE d.id = n.device_id AND c.id = d.count_id

-- part: kinds_first
SELECT @phone FROM device_count c CROSS JOIN device d CROSS JOIN device_name n LEFT JOIN site s ON s.name_key = c.site_key
WHERE d.count_id = c.id AND n.device_id = d.id

-- part: versions
(%s = '' OR lower(c.type) = %s) AND (%s = '' OR lower(c.brand) = %s) AND (%s = '' OR lower(c.model) = %s)
AND (%s = '' OR lower(c.revision) = %s) AND (%s = '' OR lower(c.locale) = %s) AND (%s = '' OR c.version = %s)

-- part: kinds
@versions AND (%s = '*' OR c.site_key = %s) AND (%s = '' OR c.state = %s)

-- part: of_such_kinds
(%s = '' OR +d.count_id IN (SELECT c.id FROM device_count c WHERE @kinds))

-- part: seen
+d.last_seen >= CAST(%s AS BIGINT) AND +d.last_seen < CAST(%s AS BIGINT)

-- part: ranges
(n.mac >= %s AND n.mac < %s OR n.mac_reverse >= %s AND n.mac_reverse < %s OR n.serial >= %s AND n.serial < %s
OR n.address >= %s AND n.address < %s OR lower(n.user_name) >= %s AND lower(n.user_name) < %s)

-- part: behind_kind
(c.device_key, c.version, c.id) >= (%s, %s, %lld) AND (c.id <> %lld OR d.id > %lld)

-- name: phones_by_seen
-- scan: the kinds. Where the page begins is before what was seen too late: the walk along the index begins there
@phones_first AND (d.last_seen, d.id) < (%lld, %lld) AND d.last_seen >= %lld AND +d.last_seen < CAST(%s AS BIGINT)
AND @of_such_kinds AND (%s = '' OR @ranges) ORDER BY d.last_seen DESC, d.id DESC LIMIT %d

-- name: phones_by_mac
-- scan: the kinds
@names_first AND (n.mac, n.device_id) > (%s, %lld) AND @seen AND @of_such_kinds AND (%s = '' OR @ranges)
ORDER BY n.mac, n.device_id LIMIT %d

-- name: phones_by_model
@kinds_first AND @behind_kind AND @seen AND (%s = '' OR @kinds) AND (%s = '' OR @ranges)
ORDER BY c.device_key, c.version, c.id, d.id LIMIT %d

-- name: phones_of_kinds_by_seen
-- scan: the kinds; they have few phones
@kinds_first AND (+d.last_seen, d.id) < (CAST(%s AS BIGINT), CAST(%s AS BIGINT)) AND @seen AND (%s = '' OR @kinds)
AND (%s = '' OR @ranges) ORDER BY +d.last_seen DESC, d.id DESC LIMIT %d

-- name: phones_of_kinds_by_mac
-- scan: the kinds; they have few phones
@kinds_first AND (n.mac || '', d.id) > (%s, CAST(%s AS BIGINT)) AND @seen AND (%s = '' OR @kinds)
AND (%s = '' OR @ranges) ORDER BY n.mac || '', d.id LIMIT %d

-- name: phones_of_text_by_seen
-- scan: the kinds
@names_first AND (+d.last_seen, d.id) < (CAST(%s AS BIGINT), CAST(%s AS BIGINT)) AND @seen AND @of_such_kinds
AND %s <> '' AND @ranges ORDER BY +d.last_seen DESC, d.id DESC LIMIT %d

-- name: phones_of_text_by_mac
-- scan: the kinds
@names_first AND (n.mac || '', d.id) > (%s, CAST(%s AS BIGINT)) AND @seen AND @of_such_kinds
AND %s <> '' AND @ranges ORDER BY n.mac || '', d.id LIMIT %d

-- name: phones_of_text_by_model
-- scan: the kinds
@names_first AND @behind_kind AND @seen AND @of_such_kinds AND %s <> '' AND @ranges
ORDER BY c.device_key, c.version, c.id, d.id LIMIT %d

-- name: phone_count_place
SELECT device_key, version FROM device_count WHERE id = %lld

-- name: phones_count_of_kinds
-- scan: the kinds
SELECT COALESCE(SUM(c.phones), 0) FROM device_count c WHERE @kinds

-- name: phones_count_of_versions
-- scan: the versions of all kinds
SELECT COALESCE(SUM(c.phones), 0) FROM device_version c WHERE @versions

-- name: phones_count_seen
-- scan: the kinds
SELECT COUNT(*) FROM device d WHERE d.last_seen >= %lld AND d.last_seen < %lld AND @of_such_kinds

-- name: phones_count_of_text
-- scan: of what was found, at most as many as the limit
SELECT COUNT(*) FROM (SELECT n.device_id FROM device_name n WHERE %s <> '' AND @ranges LIMIT %d) t

-- name: phones_count_matching
-- scan: the kinds
SELECT COUNT(*) FROM device_name n CROSS JOIN device d WHERE d.id = n.device_id AND @seen AND @of_such_kinds AND %s <> ''
AND @ranges

-- name: phone
@phones_first AND d.id = %lld

-- name: phones_with_mac
@names_first AND n.mac = %s ORDER BY +d.last_seen DESC, d.id DESC LIMIT %d

-- name: phones_with_serial
@names_first AND n.serial = %s ORDER BY +d.last_seen DESC, d.id DESC LIMIT %d

-- name: phones_at_address
-- those that are known by nothing else
@names_first AND n.address = %s AND n.mac = '' AND n.serial = '' ORDER BY +d.last_seen DESC, d.id DESC LIMIT %d

-- name: phone_events
SELECT number, time, kind, node, address, version, offered, result, reason, file, bytes FROM device_event
WHERE device_id = %lld AND number < %lld ORDER BY number DESC LIMIT %d

-- name: phone_counts
-- scan: the kinds. A word for what they are told apart by; when phones are gone.
SELECT CASE %s WHEN '' THEN '' ELSE c.type END, CASE %s WHEN '' THEN '' ELSE c.brand END,
CASE %s WHEN '' THEN '' ELSE c.model END, CASE %s WHEN '' THEN '' ELSE c.revision END,
CASE %s WHEN '' THEN '' ELSE c.locale END, CASE %s WHEN '' THEN '' ELSE c.version END,
CASE %s WHEN '' THEN '' ELSE COALESCE(s.name, c.site_key) END, CASE %s WHEN '' THEN '' ELSE c.state END,
SUM(c.phones - COALESCE(g.phones, 0)), SUM(COALESCE(g.phones, 0))
FROM device_count c LEFT JOIN (
SELECT CAST(d.count_id AS BIGINT) AS count_id, COUNT(*) AS phones FROM device d WHERE d.last_seen < %lld
GROUP BY CAST(d.count_id AS BIGINT)) g ON g.count_id = c.id
LEFT JOIN site s ON s.name_key = c.site_key
WHERE c.phones > 0 AND @kinds GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8

-- name: phone_counts_of_versions
-- scan: the versions of all kinds; parameters and columns as those of phone_counts that are no site's or state's
SELECT CASE %s WHEN '' THEN '' ELSE c.type END, CASE %s WHEN '' THEN '' ELSE c.brand END,
CASE %s WHEN '' THEN '' ELSE c.model END, CASE %s WHEN '' THEN '' ELSE c.revision END,
CASE %s WHEN '' THEN '' ELSE c.locale END, CASE %s WHEN '' THEN '' ELSE c.version END, '', '', SUM(c.phones), 0
FROM device_version c WHERE c.phones > 0 AND @versions GROUP BY 1, 2, 3, 4, 5, 6

-- name: phone_counts_of_states
-- scan: the kinds, by their index; columns as in phone_counts
SELECT '', '', '', '', '', '', '', t.state, t.phones - COALESCE(g.phones, 0), COALESCE(g.phones, 0)
FROM (SELECT state, SUM(phones) AS phones FROM device_count GROUP BY state) t
LEFT JOIN (SELECT state, COUNT(*) AS phones FROM device WHERE last_seen < %lld GROUP BY state) g ON g.state = t.state
ORDER BY t.state

-- name: phones_of_key
SELECT COALESCE(SUM(phones), 0), COALESCE(SUM(CASE WHEN version = %s THEN phones ELSE 0 END), 0)
FROM device_version WHERE device_key = %s

-- name: phones_of_rules
-- scan: all rules are wanted
SELECT r.id, SUM(c.phones), SUM(CASE WHEN c.version <> '' AND c.version = r.pending THEN c.phones ELSE 0 END),
SUM(CASE WHEN c.version <> '' AND c.version = r.approved THEN c.phones ELSE 0 END),
SUM(CASE WHEN c.version <> '' AND c.version = r.restore THEN c.phones ELSE 0 END)
FROM device_version c CROSS JOIN rule r WHERE r.device_key = c.device_key AND c.phones > 0 GROUP BY r.id ORDER BY r.id

-- name: forecast
SELECT version, time, known, there FROM forecast WHERE rule_id = %lld

-- name: forecast_keep
-- rows: 64
-- id of a rule and the time
WITH v (id, time) AS (VALUES {(CAST(%lld AS BIGINT), CAST(%lld AS BIGINT))})
INSERT INTO forecast (rule_id, version, time, known, there)
SELECT r.id, r.approved, v.time, COALESCE(SUM(c.phones), 0),
COALESCE(SUM(CASE WHEN c.version = r.approved THEN c.phones ELSE 0 END), 0)
FROM v JOIN rule r ON r.id = v.id LEFT JOIN device_version c ON c.device_key = r.device_key WHERE r.approved <> ''
GROUP BY r.id, r.approved, v.time
ON CONFLICT (rule_id) DO UPDATE SET version = excluded.version, time = excluded.time, known = excluded.known,
there = excluded.there

-- name: forecast_fetched
SELECT COALESCE(SUM(CASE WHEN d.taken_size > 0 AND d.taken_bytes >= d.taken_size THEN 1 ELSE 0 END), 0),
COALESCE(SUM(d.taken_bytes), 0)
FROM device_count c CROSS JOIN device d WHERE c.device_key = %s AND d.count_id = c.id AND d.taken = %s

-- name: forecast_stuck
SELECT COALESCE(SUM(phones), 0) FROM device_count WHERE device_key = %s AND state = 'stuck'

-- name: nodes
-- scan: all nodes are wanted
SELECT name, seen, generation, compiled, behind_since FROM node ORDER BY name

-- name: node_save
INSERT INTO node (name, seen, generation, compiled, behind_since) VALUES (%s, %lld, %lld, %lld, %lld)
ON CONFLICT (name) DO UPDATE SET seen = excluded.seen, generation = excluded.generation, compiled = excluded.compiled,
behind_since = excluded.behind_since

-- name: nodes_delete
-- scan: there are few nodes
DELETE FROM node WHERE seen < %lld

-- name: reading_any
SELECT file FROM reading WHERE file > '' LIMIT 1

-- name: strangers
-- a row stays while there is a rule: it counts again when the rule is removed
SELECT s.type, s.brand, s.model, s.revision, s.locale, s.checks, s.first_seen, s.last_seen,
COALESCE((SELECT SUM(c.phones) FROM device_version c WHERE c.device_key = s.device_key), 0)
FROM stranger s WHERE s.last_seen > %lld AND NOT EXISTS (SELECT 1 FROM rule r WHERE r.device_key = s.device_key)
ORDER BY s.last_seen DESC, s.device_key LIMIT %d

-- name: sources
-- one walk along the index of addresses, without a look at the phones
SELECT n.address, COUNT(*) FROM device_name n WHERE n.address > '' GROUP BY n.address ORDER BY COUNT(*) DESC, n.address LIMIT %d

-- name: traffic
SELECT hour, SUM(checks), SUM(offers), SUM(refused), SUM(downloads), SUM(bytes), SUM(uploads) FROM traffic
WHERE hour >= %lld AND hour < %lld GROUP BY hour ORDER BY hour

-- name: rollout
SELECT hour, version, current, phones FROM rollout WHERE rule_id = %lld AND hour >= %lld ORDER BY hour

-- name: activities_of_object
SELECT id, time, actor, node, action, object, before, after, note, role, digest FROM activity
WHERE object = %s ORDER BY id DESC LIMIT %d

-- name: counter_clear
-- for a copy, which brings its own
DELETE FROM counter

-- name: check_versions
-- scan: a check looks at everything; so do the others
SELECT r.id, r.pending FROM rule r WHERE r.pending <> ''
AND NOT EXISTS (SELECT 1 FROM image i WHERE i.rule_id = r.id AND i.version = r.pending)
UNION ALL SELECT r.id, r.approved FROM rule r WHERE r.approved <> ''
AND NOT EXISTS (SELECT 1 FROM image i WHERE i.rule_id = r.id AND i.version = r.approved)
UNION ALL SELECT r.id, r.restore FROM rule r WHERE r.restore <> ''
AND NOT EXISTS (SELECT 1 FROM image i WHERE i.rule_id = r.id AND i.version = r.restore)

-- name: check_rules_of_images
-- scan: a check
SELECT i.id, i.version, i.rule_id FROM image i WHERE NOT EXISTS (SELECT 1 FROM rule r WHERE r.id = i.rule_id)

-- name: check_packages_of_images
-- scan: a check
SELECT i.id, i.version, i.package_id FROM image i WHERE NOT EXISTS (SELECT 1 FROM package p WHERE p.id = i.package_id)

-- name: check_files_of_images
-- scan: a check
SELECT i.rule_id, i.version FROM image i WHERE NOT EXISTS (SELECT 1 FROM image_file f WHERE f.image_id = i.id)

-- name: check_images_of_files
-- scan: a check
SELECT f.name, f.image_id FROM image_file f WHERE NOT EXISTS (SELECT 1 FROM image i WHERE i.id = f.image_id)

-- name: check_sites_of_subnets
-- scan: a check
SELECT n.subnet, n.name_key FROM site_subnet n WHERE NOT EXISTS (SELECT 1 FROM site s WHERE s.name_key = n.name_key)

-- name: check_sites_of_test_devices
-- scan: a check
SELECT t.name, t.site_key FROM test_device t
WHERE t.site_key <> '' AND NOT EXISTS (SELECT 1 FROM site s WHERE s.name_key = t.site_key)

-- name: check_sites_of_settings
-- scan: a check
SELECT v.name, v.scope FROM setting v
WHERE v.scope <> '' AND NOT EXISTS (SELECT 1 FROM site s WHERE s.name_key = v.scope)

-- name: check_sites_of_roles
-- scan: a check
SELECT r.name, r.site_key FROM role r
WHERE r.site_key <> '' AND NOT EXISTS (SELECT 1 FROM site s WHERE s.name_key = r.site_key)

-- name: check_settings
-- scan: a check
SELECT scope, name, value FROM setting ORDER BY scope, name

-- name: check_counters
-- scan: a check; a number that was given out is never given out again
SELECT c.name, c.value, m.last FROM counter c JOIN (
SELECT 'package' AS name, COALESCE(MAX(id), 0) AS last FROM package
UNION ALL SELECT 'rule', COALESCE(MAX(id), 0) FROM rule
UNION ALL SELECT 'image', COALESCE(MAX(id), 0) FROM image) m ON m.name = c.name
WHERE c.value < m.last

-- name: check_counts
-- scan: a check
SELECT t.id, t.phones, t.there FROM (SELECT c.id, c.phones, (SELECT COUNT(*) FROM device d WHERE d.count_id = c.id) AS there
FROM device_count c) t WHERE t.phones <> t.there

-- name: check_versions_of_phones
-- scan: a check
SELECT t.device_key, t.version, t.phones, COALESCE(c.phones, 0) FROM (SELECT device_key, version, SUM(phones) AS phones
FROM device_count GROUP BY device_key, version) t
LEFT JOIN device_version c ON c.device_key = t.device_key AND c.version = t.version WHERE t.phones <> COALESCE(c.phones, 0)
UNION ALL SELECT c.device_key, c.version, 0, c.phones FROM device_version c WHERE c.phones <> 0
AND NOT EXISTS (SELECT 1 FROM device_count t WHERE t.device_key = c.device_key AND t.version = c.version)

-- name: check_counts_of_phones
-- scan: a check
SELECT d.id, d.count_id FROM device d WHERE NOT EXISTS (SELECT 1 FROM device_count c WHERE c.id = d.count_id AND c.state = d.state)

-- name: check_names_of_phones
-- scan: a check
SELECT d.id FROM device d WHERE NOT EXISTS (SELECT 1 FROM device_name n WHERE n.device_id = d.id)

-- name: check_phones_of_names
-- scan: a check
SELECT n.device_id FROM device_name n WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.id = n.device_id)

-- name: check_phones_of_events
-- scan: a check
SELECT e.events, e.device_id FROM (SELECT device_id, COUNT(*) AS events FROM device_event GROUP BY device_id) e
WHERE NOT EXISTS (SELECT 1 FROM device d WHERE d.id = e.device_id)

-- name: check_stored_files
-- scan: every file that should be in the file store
SELECT r.type, r.brand, r.model, r.revision, r.locale, r.update_type, i.version,
f.name, f.size, f.digest, f.signature, f.signature_size, f.signature_digest
FROM image_file f JOIN image i ON i.id = f.image_id JOIN rule r ON r.id = i.rule_id ORDER BY i.id, f.position

-- name: readings
-- scan: what was read of every file
SELECT file, position FROM reading ORDER BY file

-- name: reading
SELECT position FROM reading WHERE file = %s

-- name: reading_save
INSERT INTO reading (file, position, time) VALUES (%s, %lld, %lld)
ON CONFLICT (file) DO UPDATE SET position = excluded.position, time = excluded.time

-- name: readings_delete
-- scan: once a day
DELETE FROM reading WHERE time < %lld

-- part: fleet_phone
SELECT d.id, d.count_id, n.mac, n.serial, n.address, n.user_name, d.version_before, d.version_time, d.node, d.endpoint,
d.first_seen, d.last_seen, d.checks, d.result, d.reason, d.offered, d.offered_time, d.offers, d.taken, d.taken_time,
d.taken_bytes, d.taken_size, d.held, d.events, d.takes, d.taken_offer
FROM device_name n CROSS JOIN device d WHERE d.id = n.device_id

-- name: fleet_by_mac
-- rows: 64
@fleet_phone AND n.mac IN ({%s})

-- name: fleet_by_serial_only
-- rows: 64
@fleet_phone AND n.mac = '' AND n.serial IN ({%s})

-- name: fleet_by_serial
@fleet_phone AND n.serial = %s ORDER BY d.last_seen DESC LIMIT 1

-- name: fleet_by_address
-- rows: 64
@fleet_phone AND n.mac = '' AND n.serial = '' AND n.address IN ({%s})

-- name: fleet_taker
-- rows: 64
-- address, key and a version in lower case; the phone that was offered, took or runs that there. No join of phones and kinds,
-- which PostgreSQL begins with the thousands of phones of a kind as long as it has no statistics of a new table
SELECT v.column1, v.column2, v.column3, (SELECT d.id FROM device_name n CROSS JOIN device d
WHERE n.address = v.column1 AND d.id = n.device_id AND (SELECT c.device_key FROM device_count c WHERE c.id = d.count_id) = v.column2
AND (lower(d.offered) = v.column3 OR lower(d.taken) = v.column3
OR lower((SELECT c.version FROM device_count c WHERE c.id = d.count_id)) = v.column3)
ORDER BY d.offered_time DESC LIMIT 1)
FROM (VALUES {(%s, %s, %s)}) AS v

-- name: fleet_by_id
-- rows: 64
@fleet_phone AND n.device_id IN ({%lld})

-- name: held
-- all that are held
SELECT n.mac, n.serial, d.held FROM device d CROSS JOIN device_name n WHERE n.device_id = d.id AND d.held > ''

-- name: held_count
SELECT COUNT(*) FROM device WHERE held > ''

-- name: held_of_rules
SELECT r.id, d.held, COUNT(*) FROM device d JOIN device_count c ON c.id = d.count_id JOIN rule r ON r.device_key = c.device_key
WHERE d.held > '' AND (CAST(%s AS BIGINT) = 0 OR r.id = CAST(%s AS BIGINT)) GROUP BY r.id, d.held ORDER BY r.id, d.held

-- name: phones_held
@phones_first AND d.held > '' AND (d.held, d.id) > (%s, %lld) ORDER BY d.held, d.id LIMIT %d

-- name: fleet_kinds
-- rows: 64
SELECT id, device_key, type, brand, model, revision, locale, version, site_key, state
FROM device_count WHERE id IN ({%lld})

-- name: fleet_kind
SELECT id FROM device_count WHERE device_key = %s AND version = %s AND site_key = %s AND state = %s

-- name: fleet_kind_insert
INSERT INTO device_count (id, device_key, type, brand, model, revision, locale, version, site_key, state, phones)
VALUES (%lld, %s, %s, %s, %s, %s, %s, %s, %s, %s, %lld)

-- name: fleet_kind_count
-- rows: 64
-- the row of a kind and how many phones more it has
UPDATE device_count SET phones = phones + v.column2 FROM (VALUES {(%lld, %lld)}) AS v WHERE device_count.id = v.column1

-- name: fleet_version_count
-- rows: 64
INSERT INTO device_version (device_key, version, type, brand, model, revision, locale, phones)
VALUES {(%s, %s, %s, %s, %s, %s, %s, %lld)}
ON CONFLICT (device_key, version) DO UPDATE SET phones = device_version.phones + excluded.phones

-- name: fleet_total
-- scan: the versions of all kinds, which are few
SELECT COALESCE(SUM(phones), 0) FROM device_version

-- name: fleet_image
SELECT f.name, f.size, f.signature, f.signature_size FROM rule r JOIN image i ON i.rule_id = r.id
JOIN image_file f ON f.image_id = i.id WHERE r.device_key = %s AND lower(i.version) = %s

-- name: fleet_fetched
-- rows: 64
SELECT device_id, version, file, bytes FROM device_event WHERE device_id IN ({%lld}) AND kind = 'download'

-- name: device_save
-- rows: 22
INSERT INTO device (id, count_id, state, version_before, version_time, node, endpoint, first_seen, last_seen, checks,
result, reason, offered, offered_time, offers, taken, taken_time, taken_bytes, taken_size, held, events, takes, taken_offer)
VALUES {(%lld, %lld, %s, %s, %lld, %s, %s, %lld, %lld, %lld, %s, %s, %s, %lld, %d, %s, %lld, %lld, %lld, %s, %lld, %d, %d)}
ON CONFLICT (id) DO UPDATE SET count_id = excluded.count_id, state = excluded.state,
version_before = excluded.version_before, version_time = excluded.version_time, node = excluded.node,
endpoint = excluded.endpoint, first_seen = excluded.first_seen, last_seen = excluded.last_seen,
checks = excluded.checks, result = excluded.result, reason = excluded.reason, offered = excluded.offered,
offered_time = excluded.offered_time, offers = excluded.offers, taken = excluded.taken,
taken_time = excluded.taken_time, taken_bytes = excluded.taken_bytes, taken_size = excluded.taken_size,
held = excluded.held, events = excluded.events, takes = excluded.takes, taken_offer = excluded.taken_offer

-- name: device_name_save
-- rows: 40
INSERT INTO device_name (device_id, mac, mac_reverse, serial, address, user_name) VALUES {(%lld, %s, %s, %s, %s, %s)}
ON CONFLICT (device_id) DO UPDATE SET mac = excluded.mac, mac_reverse = excluded.mac_reverse, serial = excluded.serial,
address = excluded.address, user_name = excluded.user_name

-- name: device_delete
DELETE FROM device WHERE id = %lld

-- name: device_name_delete
DELETE FROM device_name WHERE device_id = %lld

-- name: device_event_insert
-- rows: 40
INSERT INTO device_event (device_id, number, time, kind, node, address, version, offered, result, reason, file, bytes)
VALUES {(%lld, %lld, %lld, %s, %s, %s, %s, %s, %s, %s, %s, %lld)}

-- name: device_event_move
UPDATE device_event SET device_id = %lld, number = number + %lld WHERE device_id = %lld

-- name: device_event_prune
DELETE FROM device_event WHERE device_id = %lld AND number <= %lld

-- name: device_events_delete
DELETE FROM device_event WHERE device_id = %lld

-- name: purge_events
-- rows: 64
DELETE FROM device_event WHERE device_id IN ({%lld})

-- name: purge_names
-- rows: 64
DELETE FROM device_name WHERE device_id IN ({%lld})

-- name: purge_phones
-- rows: 64
DELETE FROM device WHERE id IN ({%lld})

-- name: purge_versions
-- rows: 64
-- scan: the rows that are given; as fleet_kind_count
UPDATE device_version SET phones = device_version.phones + t.phones
FROM (SELECT c.device_key, c.version, SUM(v.column2) AS phones FROM (VALUES {(%lld, %lld)}) AS v
JOIN device_count c ON c.id = v.column1 GROUP BY c.device_key, c.version) t
WHERE device_version.device_key = t.device_key AND device_version.version = t.version

-- name: strangers_delete
-- scan: they are capped; those of which no phone is left, but not those that there never was room for
DELETE FROM stranger WHERE EXISTS (SELECT 1 FROM device_version c WHERE c.device_key = stranger.device_key)
AND NOT EXISTS (SELECT 1 FROM device_version c WHERE c.device_key = stranger.device_key AND c.phones > 0)

-- name: counts_delete
-- scan: all kinds, once a day and after a purge
DELETE FROM device_count WHERE phones = 0

-- name: versions_delete
-- scan: likewise
DELETE FROM device_version WHERE phones = 0

-- name: users_forget
UPDATE device_name SET user_name = ''
WHERE user_name <> '' AND device_id IN (SELECT d.id FROM device d WHERE d.last_seen < %lld)

-- name: users_forget_plain
-- all that do not begin with #
UPDATE device_name SET user_name = '' WHERE (lower(user_name) > '' AND lower(user_name) < '#') OR lower(user_name) >= '$'

-- name: stranger_save
INSERT INTO stranger (device_key, type, brand, model, revision, locale, checks, first_seen, last_seen)
VALUES (%s, %s, %s, %s, %s, %s, %lld, %lld, %lld)
ON CONFLICT (device_key) DO UPDATE SET checks = stranger.checks + excluded.checks,
first_seen = CASE WHEN excluded.first_seen < stranger.first_seen THEN excluded.first_seen ELSE stranger.first_seen END,
last_seen = CASE WHEN excluded.last_seen > stranger.last_seen THEN excluded.last_seen ELSE stranger.last_seen END

-- name: stranger
SELECT device_key FROM stranger WHERE device_key = %s

-- name: strangers_count
-- scan: they are capped
SELECT COUNT(*) FROM stranger

-- name: traffic_save
INSERT INTO traffic (hour, node, checks, offers, refused, downloads, bytes, uploads)
VALUES (%lld, %s, %lld, %lld, %lld, %lld, %lld, %lld)
ON CONFLICT (hour, node) DO UPDATE SET checks = traffic.checks + excluded.checks,
offers = traffic.offers + excluded.offers, refused = traffic.refused + excluded.refused,
downloads = traffic.downloads + excluded.downloads, bytes = traffic.bytes + excluded.bytes,
uploads = traffic.uploads + excluded.uploads

-- name: fleet_rule
SELECT id, approved FROM rule WHERE device_key = %s

-- name: fleet_rollout
SELECT COALESCE(SUM(CASE WHEN version = %s THEN phones ELSE 0 END), 0), COALESCE(SUM(phones), 0)
FROM device_version WHERE device_key = %s

-- name: rollout_save
INSERT INTO rollout (rule_id, hour, version, current, phones) VALUES (%lld, %lld, %s, %lld, %lld)
ON CONFLICT (rule_id, hour) DO UPDATE SET version = excluded.version, current = excluded.current, phones = excluded.phones

-- name: user_key
SELECT value FROM secret WHERE name = 'user-names'

-- name: user_key_insert
INSERT INTO secret (name, value) VALUES ('user-names', %s)
