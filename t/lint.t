#!/bin/sh
# The rules of the house as programs, one TAP line each.
exec "$PYTHON3" "$srcdir/t/lint"
