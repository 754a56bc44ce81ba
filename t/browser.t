#!/bin/sh
# The admin pages in a real browser, as one TAP program; arguments go to pytest. Pictures of the pages stay in screenshots/
# of the build directory.
if [ -n "${SANITIZER_RUNTIME-}" ]; then
    echo "1..0 # SKIP t/httpd sends the same requests to the same programs under a sanitizer, without a browser's minutes"
    exit 0
fi
exec "$(dirname "$0")/tools/run-pytest" browser "$@"
