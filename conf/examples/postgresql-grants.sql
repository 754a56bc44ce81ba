-- Who may do what with the tables. After each devupdatectl store init, migrate or copy, as their owner:
--     psql "host=db.contoso.com dbname=devupdate user=devupdate_owner ..." -f postgresql-grants.sql
-- The record of changes is only ever added to, and a number that was given out is never taken back: nobody but the owner may
-- change or delete there.

REVOKE ALL ON ALL TABLES IN SCHEMA public FROM devupdate_admin, devupdate_httpd;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO devupdate_admin;
REVOKE UPDATE, DELETE ON activity FROM devupdate_admin;
REVOKE INSERT, UPDATE, DELETE ON counter FROM devupdate_admin;
GRANT UPDATE (value) ON counter TO devupdate_admin;

GRANT SELECT ON ALL TABLES IN SCHEMA public TO devupdate_httpd;
REVOKE SELECT ON secret FROM devupdate_httpd;
GRANT INSERT, UPDATE, DELETE ON node, reading, device, device_name, device_event, device_count, device_version, stranger, traffic, rollout
    TO devupdate_httpd;
GRANT INSERT ON activity TO devupdate_httpd;
GRANT UPDATE (value) ON counter TO devupdate_httpd;
