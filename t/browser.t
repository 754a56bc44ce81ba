#!/bin/sh
# The admin pages in a real browser, as one TAP program; arguments go to pytest. Pictures of the pages stay in screenshots/
# of the build directory.
exec "$(dirname "$0")/tools/run-pytest" browser "$@"
