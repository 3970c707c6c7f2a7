#!/usr/bin/env bash
# Mission control: the entry point for people and CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

source ./dependencies.sh

SERVICE=http://127.0.0.1:8000

# --- Verbs ------------------------------------------------------------------------------------------------------------

# The function verb_NAME is `./mc.sh NAME`. Each comment `## USAGE: DESCRIPTION` is a line of the help and of the menu.

verb_run() { ## [--host H] [--port N] [--workers N] [--reload]: migrate, then serve
    install_packages main
    exec "$VENV/bin/python" -m ninepanels.serve "$@"
}

verb_test() { ## [pytest arguments]: run the tests, on SQLite and on a temporary PostgreSQL
    run_tests "$@"
}

verb_prove() { ## [pytest arguments]: run the long proofs, which 'test' leaves out
    run_tests -m prove "$@"
}

verb_check() { ## : ruff, format, types (also of the app), shellcheck, migrations match the models
    install_packages dev
    "$VENV/bin/ruff" check .
    "$VENV/bin/ruff" format --check .
    "$VENV/bin/mypy"
    "$VENV/bin/shellcheck" --external-sources mc.sh backup.sh .ci/run docs/tour.sh
    NINEPANELS_ENV=TEST "$VENV/bin/pytest" --quiet -k "match_the_models or types_are_right" \
        tests/ops/test_migrations.py tests/web/app/test_code.py
}

verb_bench() { ## [PART ...]: measure the performance and write it to docs/performance.md
    install_packages dev
    NINEPANELS_ENV=TEST "$VENV/bin/python" -m bench "$@"
}

verb_docs() { ## : update the lists of errors and events in docs/, and build the documentation into var/site
    install_packages dev
    "$VENV/bin/python" -m docs.build
    say "To read it: python3 -m http.server --directory var/site 8001"
}

verb_openapi() { ## : write the schema of the API to docs/openapi.json
    install_packages main
    NINEPANELS_ENV=TEST "$VENV/bin/python" -m docs.openapi
}

verb_preflight() { ## : the release checklist, each item ok or FAILED with what to do
    install_packages dev
    local failed=0
    check_item "no prints, no naive datetimes" "'$VENV/bin/ruff check --select T20,DTZ' lists them" \
        "$VENV/bin/ruff" check --select T20,DTZ || failed=1
    check_item "poetry.lock matches pyproject.toml" "run 'poetry lock' and commit the result" \
        run_poetry check --lock || failed=1
    check_item "the installed packages are the locked ones" "delete $VENV; the next verb installs it again" \
        installed_as_locked || failed=1
    "$VENV/bin/python" -m ninepanels.ops.preflight || failed=1
    return "$failed"
}

verb_migrate() { ## : upgrade the database schema to this release; safe to run concurrently
    install_packages main
    "$VENV/bin/python" -m ninepanels.ops.migrations
}

verb_revision() { ## MESSAGE: create a schema revision, drafted from the models
    [[ $# == 1 ]] || die "revision requires one MESSAGE"
    install_packages dev
    "$VENV/bin/python" -m ninepanels.ops.revision "$1"
}

verb_data() { ## create [--users N] [--days D] [--seed S] [--yes]: add demo users with panels and history
    ## read: show the row counts and the newest rows, secrets masked
    ## schema: show the tables and columns of the database
    ## promote EMAIL: make a user an admin
    ## clear [--yes]: drop all tables and their rows; on a terminal, ask first and offer a backup
    install_packages main
    exec "$VENV/bin/python" data_mgmt.py "$@"
}

verb_backup() { ## full [--keep N]: dump the schema and the rows, with a checksum
    ## data [--keep N]: dump only the rows, with a checksum
    ./backup.sh "$@"
}

verb_restore() { ## FILE [--yes]: back up the current database, then replace it with a dump; on a terminal, ask first
    local project=$PWD
    cd "$OLDPWD" # FILE is relative to the caller's directory.
    exec "$project/backup.sh" restore "$@"
}

verb_env() { ## : show the settings of this environment as a settings file, secrets masked
    install_packages main
    "$VENV/bin/python" -m ninepanels.ops.settings
}

verb_ping() { ## [URL]: check that the service is up and measure its response time (default http://127.0.0.1:8000)
    install_packages main
    "$VENV/bin/python" -m ninepanels.ops.ping "${1:-$SERVICE}"
}

verb_help() { ## : this page
    echo "Usage: ./mc.sh [--env NAME] VERB [ARGUMENTS]"
    echo
    list_verbs | while IFS=$'\t' read -r usage about; do printf '  %-62s %s\n' "$usage" "$about"; done
}

# --- Helpers of the verbs --------------------------------------------------------------------------------------------

# Prints one line per comment `## USAGE: DESCRIPTION` of a verb: the verb with its usage, a tab, the description.
list_verbs() {
    awk -F ' ## ' '
        /^verb_[a-z]+\(\) \{ ## / { verb = substr($1, length("verb_") + 1, length($1) - length("verb_() {")) }
        /^(verb_[a-z]+\(\) \{|   ) ## / {
            colon = index($2, ": ")
            usage = substr($2, 1, colon - 1)
            print verb (usage == "" ? "" : " " usage) "\t" substr($2, colon + 2)
        }
    ' mc.sh
}

run_tests() {
    install_packages dev
    # Two processes more than cores, because some tests wait.
    NINEPANELS_ENV=TEST "$VENV/bin/pytest" --numprocesses "$(($(getconf _NPROCESSORS_ONLN) + 2))" --dist worksteal "$@"
}

# Checks the item $1: it is ok if the command given from $3 on succeeds; otherwise $2 says what to do.
check_item() {
    if "${@:3}" >/dev/null 2>&1; then
        echo "ok      $1"
    else
        echo "FAILED  $1: $2"
        return 1
    fi
}

installed_as_locked() {
    run_poetry sync --dry-run --no-interaction | grep ': 0 installs, 0 updates, 0 removals'
}

# --- The menu: `./mc.sh` without arguments on a terminal ---------------------------------------------------------------

run_menu() {
    install_packages main
    show_menu
    local choice
    while read -r -p "A number, or q to quit: " choice; do
        [[ $choice != q ]] || return 0
        run_action "$choice" && show_menu
    done
    echo
}

show_menu() {
    echo
    "$VENV/bin/python" -m ninepanels.ops.status "$SERVICE" || true
    echo
    list_actions | awk -F '\t' '{ printf "  %2d  %-22s  %s\n", NR, $1, $2 }'
    echo
}

# Prints one line per menu item: a verb without its options, a tab, its description.
list_actions() {
    list_verbs | sed -E 's/ *\[[^]]*\]//g'
}

# Runs the menu item $1. Words in capitals are placeholders; the user is asked for their values.
run_action() {
    local action word value
    action=$(list_actions | awk -F '\t' -v number="$1" 'NR "" == number "" { print $1 }')
    [[ -n $action ]] || { say "The menu has no item '$1'."; return 1; }
    set --
    for word in $action; do
        if [[ $word =~ ^[A-Z]+$ ]]; then
            read -r -e -p "$word: " value || value=""
            [[ -n $value ]] || { say "Nothing was done."; return 1; }
            word=$value
        fi
        set -- "$@" "$word"
    done
    # Ctrl-C ends the action, not the menu.
    trap : INT
    ./mc.sh "$@" || true
    trap - INT
}

main() {
    # A command that is interrupted ends with the same exit code, whichever program it runs.
    trap 'exit 130' INT
    if [[ ${1:-} == --env ]]; then
        [[ $# -ge 2 ]] || die "--env requires a NAME"
        export NINEPANELS_ENV=$2
        shift 2
    fi
    if [[ $# == 0 && -t 0 && -t 1 ]]; then
        run_menu
        return
    fi
    local verb=${1:-help}
    [[ $verb != --help && $verb != -h ]] || verb=help
    if [[ ! $verb =~ ^[a-z]+$ ]] || ! grep -q "^verb_$verb() { ## " mc.sh; then
        die "there is no verb '$verb'; './mc.sh help' lists them"
    fi
    shift $(($# > 0))
    "verb_$verb" "$@"
}

main "$@"
