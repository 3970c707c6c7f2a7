#!/usr/bin/env bash
# Mission control: the one door for people and CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

source ./dependencies.sh

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
    "$VENV/bin/shellcheck" --external-sources mc.sh backup.sh .ci/run docs/tour.sh
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

backup() { ## full|data [--keep N]: a dump of everything, or of the rows alone, with its checksum
    ./backup.sh "$@"
}

restore() { ## FILE [--yes]: back up what is there, then put a dump in its place
    local project=$PWD
    cd "$OLDPWD" # FILE is said from where the caller stands
    exec "$project/backup.sh" restore "$@"
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
