#!/bin/sh
# The tests of t/admin as one TAP program; arguments go to pytest.
exec "$(dirname "$0")/tools/run-pytest" admin "$@"
