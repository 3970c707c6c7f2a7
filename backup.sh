#!/usr/bin/env bash
# Backs up and restores the database of one environment. This script manages the files; `ninepanels.ops.backups` writes
# and reads the dumps.
set -euo pipefail
caller=$PWD
cd "$(dirname "${BASH_SOURCE[0]}")"

source ./dependencies.sh

USAGE="backup.sh [--env NAME] full|data [--keep N]  or  backup.sh [--env NAME] restore FILE [--yes]"

dumps() { "$VENV/bin/python" -m ninepanels.ops.backups "$@"; }

# Writes a backup of the kind $1, `full` or `data`. It gets its final name only when it is complete, flushed to disk and
# has a checksum.
write_backup() {
    local digest
    file=""
    # A signal stops the script after the current step; the EXIT trap then removes the incomplete files.
    trap 'exit 130' INT
    trap 'exit 143' HUP TERM
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

# Deletes all backups of the kind $1 except the newest $2.
keep_newest() {
    local old
    dumps list "$1" | tail -n "+$(($2 + 1))" | while read -r old; do
        rm -f "$old" "$old.sha256"
    done
}

# Restores the FILE among the arguments, a path relative to the caller's directory.
restore_backup() {
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
        [[ $# -ge 2 ]] || die "--env requires a NAME"
        export NINEPANELS_ENV=$2
        shift 2
    fi
    umask 077
    install_packages main
    case "$*" in
        full | data)
            write_backup "$1"
            ;;
        "full --keep "* | "data --keep "*)
            [[ $# == 3 && $3 =~ ^[1-9][0-9]{0,8}$ ]] || die "--keep requires a number, 1 or more"
            write_backup "$1"
            keep_newest "$1" "$3"
            ;;
        "restore "?*)
            restore_backup "${@:2}"
            ;;
        *)
            die "usage: $USAGE"
            ;;
    esac
}

main "$@"
