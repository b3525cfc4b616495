#!/bin/sh
# Runs the tests on SQLite, then those that touch a database once more on PostgreSQL where one is reachable.
# PYTHON is the interpreter, TEST_POSTGRESQL a database whose server the tests may make their own on.
set -u
: "${PYTHON:=python3}" "${TEST_POSTGRESQL:=}"
cd "$(dirname "$0")/.." || exit 1

echo "== SQLite: every test"
"$PYTHON" -m pytest -q "$@"
sqlite=$?

if "$PYTHON" - "$TEST_POSTGRESQL" <<'PY'
import sys, psycopg
try:
    psycopg.connect(sys.argv[1], connect_timeout=3).close()
except psycopg.Error as error:
    sys.exit(f"== PostgreSQL: SKIPPED, because none answers ({' '.join(str(error).split())}); name one with TEST_POSTGRESQL=postgresql://…")
PY
then
  echo "== PostgreSQL: the tests that touch a database, once more"
  NEWSLETTER_DATABASE__URL=$TEST_POSTGRESQL "$PYTHON" -m pytest -q -m "django_db" "$@"
  postgresql=$?
else
  postgresql=0
fi
[ "$sqlite" -eq 0 ] && [ "$postgresql" -eq 0 ]
