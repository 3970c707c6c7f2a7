#!/usr/bin/env bash
# Mission control: the entry point for people and CI.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

source ./dependencies.sh

SERVICE=http://127.0.0.1:8000

# --- Verbs ------------------------------------------------------------------------------------------------------------

# The function verb_NAME is `./mc.sh NAME`. Each comment `## USAGE: DESCRIPTION` is a line of the help and of the menu,
# under the heading of the comment `### HEADING` above it. A description that begins with `!` is of a verb that deletes.

verb_help() { ## : this page
    echo "Usage: ./mc.sh [--env NAME] VERB [ARGUMENTS]"
    list_verbs | awk -F '\t' '
        $1 != heading { heading = $1; print "\n" heading }
        { printf (length($2) > 20 ? "  %s\n%22s  %s\n" : "  %-20s%s  %s\n"), $2, "", $3 }
    '
    echo
    echo "docs/mission-control.md has the details. On a terminal, ! asks first."
}

### Service

verb_run() { ## [--host H] [--port N] [--workers N] [--reload]: migrate the database, then serve
    install_packages main
    exec "$VENV/bin/python" -m ninepanels run "$@"
}

verb_ping() { ## [URL]: check that the service is up, and how fast it is
    install_packages main
    exec "$VENV/bin/python" -m ninepanels ping "$@"
}

verb_env() { ## : show the settings in force, secrets masked
    install_packages main
    exec "$VENV/bin/python" -m ninepanels env "$@"
}

verb_preflight() { ## : the release checklist: ok, or what to do
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

### Database

verb_migrate() { ## : upgrade the schema of the database to this release
    install_packages main
    exec "$VENV/bin/python" -m ninepanels migrate "$@"
}

verb_backup() { ## full [--keep N]: dump the schema and the rows, with a checksum
    ## data [--keep N]: dump only the rows, with a checksum
    exec ./backup.sh "$@"
}

verb_data() { ## read: show row counts and newest rows, secrets masked
    ## schema: show the tables and columns
    ## promote EMAIL: make a user an admin
    ## disable-totp EMAIL: switch off a user's second factor
    ## create [--users N] [--days D] [--seed S] [--yes]: add demo users with panels and history
    ## clear [--yes]: ! drop all tables and their rows
    install_packages main
    exec "$VENV/bin/python" -m ninepanels data "$@"
}

verb_restore() { ## FILE [--yes]: ! replace the database by a dump, after a backup
    local project=$PWD
    cd "$OLDPWD" # FILE is relative to the caller's directory.
    exec "$project/backup.sh" restore "$@"
}

### Development

verb_test() { ## [pytest arguments]: run the tests, on SQLite and PostgreSQL
    run_tests "$@"
}

verb_prove() { ## [pytest arguments]: run the long proofs, which 'test' leaves out
    run_tests -m prove "$@"
}

verb_check() { ## : lint, format, types, migrations match the models
    install_packages dev
    "$VENV/bin/ruff" check .
    "$VENV/bin/ruff" format --check .
    "$VENV/bin/mypy"
    "$VENV/bin/shellcheck" --external-sources mc.sh backup.sh .ci/run docs/tour.sh tests/bare_debian.sh
    NINEPANELS_ENV=TEST "$VENV/bin/pytest" --quiet -k "match_the_models or types_are_right" \
        tests/ops/test_migrations.py tests/web/app/test_code.py
}

verb_revision() { ## MESSAGE: draft a schema revision from the models
    [[ $# == 1 ]] || die "revision requires one MESSAGE"
    install_packages dev
    "$VENV/bin/python" -m ninepanels.ops.revision "$1"
}

verb_openapi() { ## : write the schema of the API to docs/openapi.json
    install_packages main
    NINEPANELS_ENV=TEST "$VENV/bin/python" -m docs.openapi
}

verb_docs() { ## : build the documentation into var/site
    install_packages dev
    "$VENV/bin/python" -m docs.build
    say "To read it: python3 -m http.server --directory var/site 8001"
}

verb_bench() { ## [PART ...]: measure, and write docs/performance.md
    install_packages dev
    NINEPANELS_ENV=TEST "$VENV/bin/python" -m bench "$@"
}

# --- Helpers of the verbs --------------------------------------------------------------------------------------------

# Prints one line per comment `## USAGE: DESCRIPTION` of a verb: its heading, the verb with its usage, the description,
# separated by tabs.
list_verbs() {
    awk -F ' ## ' '
        /^### / { heading = substr($0, length("### ") + 1) }
        /^verb_[a-z]+\(\) \{ ## / { verb = substr($1, length("verb_") + 1, length($1) - length("verb_() {")) }
        /^(verb_[a-z]+\(\) \{|   ) ## / {
            colon = index($2, ": ")
            usage = substr($2, 1, colon - 1)
            print heading "\t" verb (usage == "" ? "" : " " usage) "\t" substr($2, colon + 2)
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
    run_poetry sync --no-root --dry-run --no-interaction | grep ': 0 installs, 0 updates, 0 removals'
}

# --- The menu: `./mc.sh` without arguments on a terminal ---------------------------------------------------------------

# The result of an action stays on the screen until the user asks for the menu.
run_menu() {
    local choice prompt=$'\nA number, Enter for the menu, d for development, h for help, q to quit: '
    trap leave_menu INT
    show_menu
    while read -r -p "$prompt" choice; do
        case $choice in
            "") show_menu ;;
            d) show_actions Development ;;
            h) verb_help ;;
            q) return ;;
            *) run_action "$choice" ;;
        esac
    done
    echo
}

leave_menu() {
    echo
    exit 130
}

show_menu() {
    echo
    show_status
    echo
    show_actions "Service|Database"
}

show_status() {
    if are_installed main; then
        "$VENV/bin/python" -m ninepanels.ops.status "$SERVICE" || true
        return
    fi
    local python env
    python=$(find_python) && env=$("$python" -m ninepanels.environments) && echo "  environment  $env"
    echo "  packages     not installed yet: the first action installs them"
}

# Prints one line per menu item: its heading, the verb without its options, its description, separated by tabs.
list_actions() {
    list_verbs | sed -E -e 's/ *\[[^]]*\]//g' -e '/^\t/d'
}

# Prints the numbered actions whose headings match the pattern $1.
show_actions() {
    list_actions | awk -F '\t' -v headings="^($1)\$" \
        -v bold="$(style bold)" -v red="$(style setaf 1)" -v plain="$(style sgr0)" '
            $1 !~ headings { next }
            $1 != heading { heading = $1; print bold heading plain }
            { printf "%s  %2d  %-18s  %s%s\n", ($3 ~ /^!/ ? red : ""), NR, $2, $3, plain }
        '
}

# Prints a control sequence of the terminal, if it has colours and the user wants them (https://no-color.org).
style() {
    [[ -n ${NO_COLOR:-} ]] || tput "$@" 2>/dev/null || true
}

# Runs the menu item $1. Words in capitals are placeholders; the user is asked for their values.
run_action() {
    local action word value code=0
    action=$(list_actions | awk -F '\t' -v number="$1" 'NR "" == number "" { print $2 }')
    [[ -n $action ]] || { say "The menu has no item '$1'."; return; }
    set --
    for word in $action; do
        if [[ $word =~ ^[A-Z]+$ ]]; then
            [[ $word != FILE ]] || list_backups
            read -r -e -p "$word: " value || value=""
            [[ -n $value ]] || { say "Nothing was done."; return; }
            word=$value
        fi
        set -- "$@" "$word"
    done
    say "--- ./mc.sh $*"
    # Ctrl-C ends the action, not the menu.
    trap : INT
    ./mc.sh "$@" || code=$?
    trap leave_menu INT
    case $code in
        0) say "--- $action: done" ;;
        130) say "--- $action: interrupted" ;;
        *) say "--- $action: FAILED with exit code $code" ;;
    esac
}

# Prints the newest backups of this environment, if there are any.
list_backups() {
    are_installed main || return 0
    "$VENV/bin/python" -m ninepanels backup list 2>/dev/null | head -n 5 >&2 || true
}

main() {
    # Python has no sys.stdin or sys.stdout if the caller has closed them.
    [[ -e /dev/fd/0 ]] || exec </dev/null
    [[ -e /dev/fd/1 ]] || exec >/dev/null
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
    local argument
    for argument in "$@"; do
        [[ $argument != --env ]] || die "--env is given before the verb: ./mc.sh --env NAME $verb"
    done
    "verb_$verb" "$@"
}

main "$@"
