#!/usr/bin/env bash
# Backs up and restores the database of one environment: backup.sh [--env NAME] full|data|restore ...
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

source ./dependencies.sh

main() {
    local argument
    if [[ ${1:-} == --env ]]; then
        [[ $# -ge 2 ]] || die "--env requires a NAME"
        export NINEPANELS_ENV=$2
        shift 2
    fi
    local arguments=("${@:1:1}")
    for argument in "${@:2}"; do
        # The FILE of `restore` is relative to the caller's directory.
        [[ $1 != restore || $argument == -* || $argument == /* ]] || argument=$caller/$argument
        arguments+=("$argument")
    done
    umask 077
    install_packages main
    exec "$VENV/bin/python" -m ninepanels.ops.backups "${arguments[@]}"
}

main "$@"
