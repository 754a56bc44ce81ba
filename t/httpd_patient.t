#!/bin/sh
# The tests of t/httpd that take long, because they wait for something to fail or kill something many times.
exec "$(dirname "$0")/tools/run-pytest" httpd -m patient "$@"
