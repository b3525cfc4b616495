#!/bin/sh
# Runs the tests on SQLite, then those that touch a database once more on PostgreSQL where one is reachable.
# PYTHON is the interpreter, TEST_POSTGRESQL a database whose server the tests may make their own on.
set -u
: "${PYTHON:=python3}" "${TEST_POSTGRESQL:=}"
cd "$(dirname "$0")/.." || exit 1

failed=""
given=$#
# run NAME OPTION…: a line before, and in the end the names of those that failed.
run() {
  name=$1
  shift
  echo "== $name"
  "$PYTHON" -m pytest -q "$@"
  code=$?
  # 5 is "no tests": no fault where somebody has asked for some tests only.
  if [ "$code" -ne 0 ] && { [ "$code" -ne 5 ] || [ "$given" -eq 0 ]; }; then failed="$failed
  $name"; fi
}

# Every core takes a file at a time.
run "SQLite: the tests within one process" -n auto --dist loadscope -m "not processes and not others" "$@"
# These wait a good deal, so one more goes on than most machines of this size have cores. What holds a promise against
# the clock has the machine to itself.
run "SQLite: the tests that start processes" -n 3 --dist loadgroup -m "(processes or others) and not alone" "$@"
run "SQLite: the tests against the clock" -m alone "$@"

if "$PYTHON" - "$TEST_POSTGRESQL" <<'PY'
import sys, psycopg
try:
    psycopg.connect(sys.argv[1], connect_timeout=3).close()
except psycopg.Error as error:
    sys.exit(f"== PostgreSQL: SKIPPED, because none answers ({' '.join(str(error).split())}); name one with TEST_POSTGRESQL=postgresql://…")
PY
then
  export NEWSLETTER_DATABASE__URL="$TEST_POSTGRESQL"
  run "PostgreSQL: the tests that touch a database, once more" -n auto --dist loadscope -m "django_db and not others" "$@"
fi

if [ -n "$failed" ]; then
  echo "== FAILED:$failed"
  exit 1
fi
echo "== all passed"
