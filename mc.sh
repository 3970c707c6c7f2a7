#!/usr/bin/env bash
# Mission control: the one door for people and CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

VENV=.venv
POETRY_VENV=.poetry

say() { printf '%s\n' "$*" >&2; }
die() { say "mc.sh: $*"; exit 1; }

# --- Dependencies ----------------------------------------------------------------------------------------------------

find_python() {
    local candidate
    for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is needed, and there is none on the PATH."
}

# Poetry asks its default index for an address that many mirrors lack, so it is pointed at the index that pip uses.
pips_index() {
    echo "${PIP_INDEX_URL:-$("$POETRY_VENV/bin/pip" config get global.index-url 2>/dev/null ||
        "$POETRY_VENV/bin/python" -c 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)')}"
}

poetry_() {
    if command -v poetry >/dev/null; then
        POETRY_VIRTUALENVS_IN_PROJECT=true poetry "$@"
        return
    fi
    if [[ ! -x $POETRY_VENV/bin/poetry ]]; then
        say "Installing Poetry into $POETRY_VENV"
        "$(find_python)" -m venv "$POETRY_VENV"
        "$POETRY_VENV/bin/pip" install --quiet --disable-pip-version-check poetry poetry-plugin-pypi-mirror
    fi
    POETRY_PYPI_MIRROR_URL=$(pips_index) POETRY_VIRTUALENVS_IN_PROJECT=true "$POETRY_VENV/bin/poetry" "$@"
}

# Whether exceptions are reported to Sentry, in this environment's variables or in a file of settings.
wants_sentry() {
    [[ -n ${NINEPANELS_SENTRY_DSN:-} ]] || grep -qsE '^(export )?NINEPANELS_SENTRY_DSN=.' .env.*
}

# Installs the locked packages, unless those of this lock file are there: $1 is `main`, or `dev` for the tools as well.
install_() {
    local wanted stamp=$VENV/.installed-$1 main=(--only main)
    wanted=$(cksum pyproject.toml poetry.lock)
    if wants_sentry; then
        main+=(--extras sentry)
        wanted+=" sentry"
    fi
    [[ -f $stamp && $(<"$stamp") == "$wanted" ]] && return
    [[ -x $VENV/bin/python ]] || "$(find_python)" -m venv "$VENV"
    say "Installing the locked packages into $VENV"
    # Compiled once here, so that a start need not do it: it may not be allowed to keep what it compiled.
    if [[ $1 == dev ]]; then
        poetry_ sync --quiet --no-interaction --compile
    else
        poetry_ install --quiet --no-interaction --compile "${main[@]}"
    fi
    echo "$wanted" >"$stamp"
    [[ $1 == dev ]] && echo "$wanted" >"$VENV/.installed-main"
    return 0
}

# --- Verbs: a function each, the comment behind it is its line in the help --------------------------------------------

run() { ## [--host H] [--port N] [--workers N] [--reload]: migrate, then serve
    install_ main
    exec "$VENV/bin/python" -m ninepanels.serve "$@"
}

test() { ## [pytest arguments]: the tests, on SQLite and on a PostgreSQL of their own
    install_ dev
    NINEPANELS_ENV=TEST "$VENV/bin/pytest" --numprocesses auto "$@"
}

check() { ## : ruff, format, types, shellcheck, migrations in step with the models
    install_ dev
    "$VENV/bin/ruff" check .
    "$VENV/bin/ruff" format --check .
    "$VENV/bin/mypy"
    "$VENV/bin/shellcheck" mc.sh .ci/run docs/tour.sh
    NINEPANELS_ENV=TEST "$VENV/bin/pytest" --quiet tests/test_migrations.py -k in_step
}

migrate() { ## : bring the database's schema up to this release; safe when two start at once
    install_ main
    "$VENV/bin/python" -m ninepanels.migrations
}

revision() { ## MESSAGE: a new revision of the schema, drafted from the models
    [[ $# == 1 ]] || die "revision wants one MESSAGE"
    install_ dev
    "$VENV/bin/python" -m ninepanels.migrations
    "$VENV/bin/alembic" revision --autogenerate --message "$1"
}

data() { ## create|read|schema|promote EMAIL|clear: demo users, newest rows, tables, a new admin, drop everything
    install_ main
    exec "$VENV/bin/python" data_mgmt.py "$@"
}

env() { ## : what this environment is, secrets masked
    install_ main
    "$VENV/bin/python" -m ninepanels.config
}

ping() { ## [URL]: is it up, and how fast does it answer (default http://127.0.0.1:8000)
    install_ main
    "$VENV/bin/python" -m ninepanels.ping "${1:-http://127.0.0.1:8000}"
}

help() { ## : this page
    echo "Usage: ./mc.sh [--env NAME] VERB [ARGUMENTS]"
    echo
    sed -nE 's/^([a-z]+)\(\) \{ ## (.*)$/\1 \2/p' mc.sh |
        sed -E 's/^([a-z]+) ([^:]*[^: ])?( ?: )/\1 \2\t/' |
        while IFS=$'\t' read -r usage about; do printf '  %-62s %s\n' "$usage" "$about"; done
}

main() {
    if [[ ${1:-} == --env ]]; then
        [[ $# -ge 2 ]] || die "--env wants a NAME"
        export NINEPANELS_ENV=$2
        shift 2
    fi
    local verb=${1:-help}
    if [[ ! $verb =~ ^[a-z]+$ ]] || ! grep -q "^$verb() { ## " mc.sh; then
        die "there is no verb '$verb'; './mc.sh help' lists them"
    fi
    shift $(($# > 0))
    "$verb" "$@"
}

main "$@"
