#!/bin/sh
# The tests of test_purge on a PostgreSQL server of their own.
exec "$srcdir/t/tools/pg_private" "$builddir/t/unit/test_purge"
