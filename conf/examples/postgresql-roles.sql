-- The database and its three roles. Once, as PostgreSQL's superuser:
--     sudo -u postgres psql -f postgresql-roles.sql
-- then give each role its password with psql's \password, which keeps it out of history and logs.

-- owns the tables: devupdatectl store init, migrate and copy
CREATE ROLE devupdate_owner LOGIN;
-- administrators: all other commands of devupdatectl, and the admin pages
CREATE ROLE devupdate_admin LOGIN;
-- the nodes: read everything but the pages' key, write what phones do, and record what they clean up
CREATE ROLE devupdate_httpd LOGIN;

-- A node asks small questions; one that is not answered in this time will not be.
ALTER ROLE devupdate_httpd SET statement_timeout = '30s';

CREATE DATABASE devupdate OWNER devupdate_owner ENCODING 'UTF8' TEMPLATE template0;
ALTER DATABASE devupdate SET idle_in_transaction_session_timeout = '5min';
REVOKE ALL ON DATABASE devupdate FROM PUBLIC;
GRANT CONNECT ON DATABASE devupdate TO devupdate_admin, devupdate_httpd;

\connect devupdate
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public TO devupdate_owner;
GRANT USAGE ON SCHEMA public TO devupdate_admin, devupdate_httpd;
