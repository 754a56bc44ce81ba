#!/bin/sh
# The tests of t/httpd as one TAP program; arguments go to pytest.
exec "$(dirname "$0")/tools/run-pytest" httpd "$@"
