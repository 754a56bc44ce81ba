#!/bin/sh
# The tests of t/admin that take long, because they wait for something to fail or kill something many times.
if [ -n "${SANITIZER_RUNTIME-}" ]; then
    echo "1..0 # SKIP most of these kill programs, and a sanitizer has nothing to say of what is killed"
    exit 0
fi
exec "$(dirname "$0")/tools/run-pytest" admin -m patient "$@"
