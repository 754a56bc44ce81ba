#!/bin/sh
# The tests of t/httpd as one TAP program; arguments go to pytest. Those that are patient have a program of their own, so
# that they can run beside these.
exec "$(dirname "$0")/tools/run-pytest" httpd -m 'not patient' "$@"
