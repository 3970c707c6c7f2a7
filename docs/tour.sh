#!/usr/bin/env bash
# Prints the chapters of docs/tour.md: each command and its output. Needs a service without users, at $1 or
# http://127.0.0.1:8000, and runs in the folder of that service.
set -euo pipefail

export BASE=${1:-http://127.0.0.1:8000}

for program in curl python3; do
    command -v "$program" >/dev/null || { echo "The tour needs $program: apt-get install $program" >&2; exit 1; }
done
# A second tour would find the user of the first.
case $(curl -s -o /dev/null -w '%{http_code}' "$BASE/token" -d username=ada@example.com -d password='battery staple') in
    401) ;;
    000) echo "There is no service at $BASE: start one with './mc.sh --env TEST run'." >&2; exit 1 ;;
    *) echo "The tour needs a service without users: './mc.sh --env TEST data clear', then start it again." >&2; exit 1 ;;
esac

PRETTY='python3 -m json.tool --no-ensure-ascii --indent 2'
fence=""
separator=""

# Print a command and run it in this shell, so that variables and functions are still defined afterwards.
show() {
    printf '%s$ %s\n' "$separator" "$1"
    separator=$'\n'
    eval "$1"
}

chapter() {
    printf '%s## %s\n\n```console\n' "$fence" "$1"
    fence=$'```\n\n'
    separator=""
}

chapter "Sign up"
show "curl -s \$BASE/users -d email=ada@example.com -d name=Ada -d password='correct horse' |
    $PRETTY"

chapter "Log in"
show "TOKEN=\$(curl -s \$BASE/token -d username=ada@example.com -d password='correct horse' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)[\"data\"][\"access_token\"])')"
show "ada() { curl -s -H \"Authorization: Bearer \$TOKEN\" \"\$@\"; }"

chapter "Create nine panels"
show "for title in Read Write Run Stretch Cook Sleep Call Draw Rest; do
    ada \$BASE/panels -d title=\$title >/dev/null
done"
show "ada \$BASE/panels |
    $PRETTY | sed -n 1,20p"

chapter "Tap a panel"
show "tap() { ada \$BASE/panels/\$1/entries -H 'Content-Type: application/json' -d \"\$2\"; }"
show "tap 1 '{\"is_complete\": true}' |
    $PRETTY"

chapter "Undo the tap"
show "tap 1 '{\"is_complete\": false}' |
    $PRETTY | sed -n 1,6p"

chapter "Tap for an earlier day"
show "TWO_DAYS_AGO=\$(python3 -c 'from datetime import *; print(datetime.now(UTC).date() - timedelta(days=2))')"
show "tap 1 '{\"is_complete\": true, \"day\": \"'\$TWO_DAYS_AGO'\"}' |
    $PRETTY | sed -n 1,6p"

chapter "Read the history"
show "ada \$BASE/panels/1/entries |
    $PRETTY"

chapter "Read the consistency"
show "ada \$BASE/metrics/panels/consistency |
    $PRETTY | sed -n 1,11p"

chapter "Reset a forgotten password"
show "curl -s \$BASE/auth/request_password_reset -d email=ada@example.com; echo"
# The mail is sent in the background. Without a mail server it is written to a file.
for _ in {1..50}; do ! grep -qs password_reset_token= var/mail/*.eml || break; sleep 0.1; done
show "RESET_TOKEN=\$(grep -hoE 'password_reset_token=[A-Za-z0-9_-]{43}' var/mail/*.eml | head -n 1 | cut -d = -f 2)"
show "curl -s \$BASE/auth/password_reset -d email=ada@example.com -d new_password='battery staple' \\
    -d password_reset_token=\$RESET_TOKEN; echo"
show "ada \$BASE/panels; echo"

chapter "An error"
show "TOKEN=\$(curl -s \$BASE/token -d username=ada@example.com -d password='battery staple' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)[\"data\"][\"access_token\"])')"
show "ada \$BASE/panels -d title=Dance |
    $PRETTY"
printf '```\n'
