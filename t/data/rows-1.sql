-- Rows as version 1 wrote them, one or more in every table.
INSERT INTO package VALUES (1, 'c5ad58b5d0a3b04ea3c6d3f9b8b7a0c1d2e3f405162738495a6b7c8d9eafb0c1', 'UCUpdates.cab', 4711, 1283170088000000, 'kim', 'a note', 'unverified');
INSERT INTO rule VALUES (1, 'ucphone/polycom/cx600/a/enu', 'UCPhone', 'POLYCOM', 'CX600', 'A', 'ENU', 'CPE', '', '4.0.7577.4463', '');
INSERT INTO image VALUES (1, 1, '4.0.7577.4463', 1);
INSERT INTO image_file VALUES (1, 0, 'CPE.nbt', 70000, '0000000000000000000000000000000000000000000000000000000000000001', 'CPE.cat', 2000, '0000000000000000000000000000000000000000000000000000000000000002', '2010-08-30');
INSERT INTO site VALUES ('berlin', 'Berlin');
INSERT INTO site_subnet VALUES ('10.1.0.0/16', 'berlin');
INSERT INTO test_device VALUES ('berlin', 'desk', 'Desk', 'serial', 'a1', 'A1');
INSERT INTO activity VALUES (1, 1283170088000000, 'kim', 'node1', 'import', 'package 1', '', 'UCUpdates.cab', 'a note');
INSERT INTO activity VALUES (2, 1283170089000000, 'kim', 'node1', 'approve', 'rule 1', 'pending=4.0.7577.4463 approved= restore=', 'pending= approved=4.0.7577.4463 restore=', '');
INSERT INTO activity VALUES (3, 1283170087000000, 'lee', 'node2', 'add', 'site:Berlin', '', '10.1.0.0/16', 'käthe asked');
UPDATE counter SET value = 7 WHERE name = 'generation';
UPDATE counter SET value = 1 WHERE name IN ('package', 'rule', 'image');
UPDATE counter SET value = 3 WHERE name = 'activity';
