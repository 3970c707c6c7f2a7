#!/usr/bin/env bash
# Backs up and restores the database of one environment: the same as `./mc.sh backup` and `./mc.sh restore`.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"
project=$PWD

source ./dependencies.sh

main() {
    if [[ ${1:-} == --env ]]; then
        [[ $# -ge 2 ]] || die "--env requires a NAME"
        export NINEPANELS_ENV=$2
        shift 2
    fi
    [[ ${1:-} == restore ]] || set -- backup "$@"
    install_packages main
    # FILE is relative to the caller's directory. -P: a directory `ninepanels` there is not the package.
    cd "$caller"
    PYTHONPATH=$project exec "$project/$VENV/bin/python" -P -m ninepanels "$@"
}

main "$@"
