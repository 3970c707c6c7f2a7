#!/usr/bin/env bash
# Tries README.md in a bare Debian, as root and as another user, and prints how long each step took. Needs root,
# debootstrap and a network.
#
#     tests/bare_debian.sh SUITE FOLDER [run] [test]
#
# SUITE is bookworm or trixie. `run` starts the service twice and does the tour of the API; `test` runs all tests. The
# Debian stays in FOLDER for the next time; nothing stays mounted or running.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Those that README.md names, and curl for the tour.
PACKAGES=git,python3,python3-venv,curl
CERTIFICATES=/etc/ssl/certs/ca-certificates.crt
# How this machine reaches the package indexes.
NETWORK='^(PIP_CERT|PIP_INDEX_URL|SSL_CERT_FILE|REQUESTS_CA_BUNDLE|NODE_EXTRA_CA_CERTS|[a-z]+_proxy|[A-Z]+_PROXY)='

make_debian() {
    [[ -e $DEBIAN/etc/debian_version ]] || debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$DEBIAN"
    [[ -d $DEBIAN/home/ada ]] || chroot "$DEBIAN" useradd --create-home --shell /bin/bash ada
    cp /etc/resolv.conf "$DEBIAN/etc/"
    install -D --mode 644 "$CERTIFICATES" "$DEBIAN$CERTIFICATES"
    env | grep -E "$NETWORK" >"$DEBIAN/etc/environment" || true
    git bundle create --quiet "$DEBIAN/srv/ninepanels" HEAD
}

# Runs the function $2 of this script in the Debian, as after a login of the user $1. Its mounts and processes end with
# it.
in_debian() {
    # shellcheck disable=SC2016 # the inner shell expands them
    unshare --mount --pid --fork --kill-child bash -euc '
        mount -t proc proc "$0/proc"
        mount --rbind /dev "$0/dev"
        exec chroot "$0" su --login "$1" --command "$2"
    ' "$DEBIAN" "$1" "set -euo pipefail; $(declare -f since "try_$2"); try_$2"
}

# Prints the seconds since $1, a result of `date +%s%N`.
since() {
    local ms=$((($(date +%s%N) - $1) / 1000000))
    printf '%d.%d s\n' $((ms / 1000)) $((ms % 1000 / 100))
}

try_run() {
    local url=http://127.0.0.1:8123 start started
    rm -rf ninepanels
    git -c advice.detachedHead=false clone --quiet /srv/ninepanels ninepanels
    cd ninepanels
    git checkout --quiet -B main
    for start in first second; do
        started=$(date +%s%N)
        ./mc.sh run --port 8123 &>run.log &
        until curl -sf "$url/health/ready" >/dev/null; do
            kill -0 $!
            sleep 0.1
        done
        echo "$(id -un): $start start in $(since "$started")"
        [[ $start == second ]] || docs/tour.sh "$url" | tail -n 9
        kill $!
        wait $! || true
    done
}

try_test() {
    local started
    started=$(date +%s%N)
    cd ninepanels
    ./mc.sh test
    echo "$(id -un): tests in $(since "$started")"
}

main() {
    [[ $# -ge 2 ]] || { sed -n '2,8s/^# \{0,1\}//p' "$0" >&2; exit 2; }
    SUITE=$1 DEBIAN=$2
    shift 2
    [[ $# -gt 0 ]] || set -- run test
    make_debian
    local user part
    for user in root ada; do
        for part in "$@"; do
            in_debian "$user" "$part"
        done
    done
}

main "$@"
