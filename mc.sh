#!/usr/bin/env bash
# Mission control: the one door for people and CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

source ./dependencies.sh

SERVICE=http://127.0.0.1:8000

# --- Verbs: a function each, the comment behind it is its line in the help --------------------------------------------

run() { ## [--host H] [--port N] [--workers N] [--reload]: migrate, then serve
    install_ main
    exec "$VENV/bin/python" -m ninepanels.serve "$@"
}

test() { ## [pytest arguments]: the tests, on SQLite and on a PostgreSQL of their own
    install_ dev
    # One more than there are cores: some tests wait.
    NINEPANELS_ENV=TEST "$VENV/bin/pytest" --numprocesses "$(($(getconf _NPROCESSORS_ONLN) + 1))" --dist worksteal "$@"
}

check() { ## : ruff, format, types, shellcheck, migrations in step with the models
    install_ dev
    "$VENV/bin/ruff" check .
    "$VENV/bin/ruff" format --check .
    "$VENV/bin/mypy"
    "$VENV/bin/shellcheck" --external-sources mc.sh backup.sh .ci/run docs/tour.sh
    NINEPANELS_ENV=TEST "$VENV/bin/pytest" --quiet tests/test_migrations.py -k in_step
}

bench() { ## [PART ...]: measure how fast it is, and write that into docs/performance.md
    install_ dev
    NINEPANELS_ENV=TEST "$VENV/bin/python" -m bench "$@"
}

preflight() { ## : the release checklist, each item ok or FAILED with what to do
    install_ dev
    local failed=0
    item_ "no prints, no naive datetimes" "'$VENV/bin/ruff check --select T20,DTZ' shows them" \
        "$VENV/bin/ruff" check --select T20,DTZ || failed=1
    item_ "poetry.lock is of this pyproject.toml" "'poetry lock', then commit it" poetry_ check --lock || failed=1
    item_ "what is installed is what is locked" "take $VENV away, and the next verb installs it anew" \
        installed_as_locked_ || failed=1
    "$VENV/bin/python" -m ninepanels.ops.preflight || failed=1
    return "$failed"
}

migrate() { ## : bring the database's schema up to this release; safe when two start at once
    install_ main
    "$VENV/bin/python" -m ninepanels.ops.migrations
}

revision() { ## MESSAGE: a new revision of the schema, drafted from the models
    [[ $# == 1 ]] || die "revision wants one MESSAGE"
    install_ dev
    "$VENV/bin/python" -m ninepanels.ops.migrations
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
    "$VENV/bin/python" -m ninepanels.ops.ping "${1:-$SERVICE}"
}

help() { ## : this page
    echo "Usage: ./mc.sh [--env NAME] VERB [ARGUMENTS]"
    echo
    verbs_ | while IFS=$'\t' read -r usage about; do printf '  %-62s %s\n' "$usage" "$about"; done
}

# --- What the verbs need ---------------------------------------------------------------------------------------------

# Each verb: its usage, a tab, what it does.
verbs_() {
    sed -nE 's/^([a-z]+)\(\) \{ ## (.*)$/\1 \2/p' mc.sh | sed -E 's/^([a-z]+) ([^:]*[^: ])?( ?: )/\1 \2\t/'
}

# An item of the checklist: $1 is well if the command from $3 on says so, else $2 is what to do.
item_() {
    if "${@:3}" >/dev/null 2>&1; then
        echo "ok      $1"
    else
        echo "FAILED  $1: $2"
        return 1
    fi
}

installed_as_locked_() {
    poetry_ sync --dry-run --no-interaction | grep ': 0 installs, 0 updates, 0 removals'
}

# --- The menu: what `./mc.sh` alone is to a person -------------------------------------------------------------------

menu_() {
    install_ main
    show_menu_
    local choice
    while read -r -p "A number, or q to leave: " choice; do
        [[ $choice != q ]] || return 0
        act_ "$choice" && show_menu_
    done
    echo
}

show_menu_() {
    echo
    "$VENV/bin/python" -m ninepanels.ops.status "$SERVICE" || true
    echo
    actions_ | awk -F '\t' '{ printf "  %2d  %-22s  %s\n", NR, $1, $2 }'
    echo
}

# The menu's lines: a verb without what it can do without, and one for each `this | that` of its usage.
actions_() {
    local usage about verb way
    verbs_ | sed -E 's/ *\[[^]]*\]//g' | while IFS=$'\t' read -r usage about; do
        verb=${usage%% *}
        while read -r -d '|' way; do
            printf '%s\t%s\n' "$verb${way:+ $way}" "$about"
        done <<<"${usage#"$verb"}|"
    done
}

# Does what stands in line $1 of the menu, and asks for what is in capitals there.
act_() {
    local action word value
    action=$(actions_ | awk -F '\t' -v number="$1" 'NR "" == number "" { print $1 }')
    [[ -n $action ]] || { say "There is no '$1' in the menu."; return 1; }
    set --
    for word in $action; do
        if [[ $word =~ ^[A-Z]+$ ]]; then
            read -r -e -p "$word: " value || value=""
            [[ -n $value ]] || { say "Nothing was done."; return 1; }
            word=$value
        fi
        set -- "$@" "$word"
    done
    # Ctrl-C ends the action, and the menu goes on.
    trap : INT
    ./mc.sh "$@" || true
    trap - INT
}

main() {
    if [[ ${1:-} == --env ]]; then
        [[ $# -ge 2 ]] || die "--env wants a NAME"
        export NINEPANELS_ENV=$2
        shift 2
    fi
    if [[ $# == 0 && -t 0 && -t 1 ]]; then
        menu_
        return
    fi
    local verb=${1:-help}
    if [[ ! $verb =~ ^[a-z]+$ ]] || ! grep -q "^$verb() { ## " mc.sh; then
        die "there is no verb '$verb'; './mc.sh help' lists them"
    fi
    shift $(($# > 0))
    "$verb" "$@"
}

main "$@"
