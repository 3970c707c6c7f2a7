#!/usr/bin/env bash
# Backups of one environment and the way back. The files are looked after here, the databases by `ninepanels.ops.backups`.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

source ./dependencies.sh

USAGE="backup.sh [--env NAME] full|data [--keep N]  or  backup.sh [--env NAME] restore FILE [--yes]"

dumps() { "$VENV/bin/python" -m ninepanels.ops.backups "$@"; }

# Writes a backup: $1 is `full` or `data`. A file that bears its name is complete, on the disk, and has its checksum.
write() {
    local digest
    file=""
    # What is asked to stop half-way does so when the step it is at has ended, and tidies up.
    trap 'exit 143' HUP INT TERM
    trap '[[ -z $file ]] || rm -f "$file.part" "$file.sha256"' EXIT
    file=$(dumps write "$1")
    digest=$(sha256sum <"$file.part")
    echo "${digest%% *}  ${file##*/}" >"$file.sha256"
    sync "$file.part" "$file.sha256"
    mv "$file.part" "$file"
    trap - EXIT
    sync "${file%/*}"
    echo "$file"
}

# Leaves the newest $2 backups of the kind $1.
keep() {
    local old
    dumps list "$1" | tail -n "+$(($2 + 1))" | while read -r old; do
        rm -f "$old" "$old.sha256"
    done
}

# Restores the one FILE among its arguments, which may be said from where the caller stands.
restore() {
    local argument file="" yes=()
    for argument in "$@"; do
        case $argument in
            --yes) yes=(--yes) ;;
            *)
                [[ -z $file ]] || die "usage: $USAGE"
                file=$argument
                ;;
        esac
    done
    [[ $file == /* ]] || file=$caller/$file
    dumps restore "${yes[@]}" "$file"
}

main() {
    if [[ ${1:-} == --env ]]; then
        [[ $# -ge 2 ]] || die "--env wants a NAME"
        export NINEPANELS_ENV=$2
        shift 2
    fi
    umask 077
    install_ main
    case "$*" in
        full | data)
            write "$1"
            ;;
        "full --keep "* | "data --keep "*)
            [[ $# == 3 && $3 =~ ^[1-9][0-9]{0,8}$ ]] || die "--keep wants a number, 1 or more"
            write "$1"
            keep "$1" "$3"
            ;;
        "restore "?*)
            restore "${@:2}"
            ;;
        *)
            die "usage: $USAGE"
            ;;
    esac
}

main "$@"
