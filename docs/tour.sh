#!/usr/bin/env bash
# The README's tour: each command and what it prints. Wants a fresh service, at $1 or http://127.0.0.1:8000.
set -euo pipefail

export BASE=${1:-http://127.0.0.1:8000}
PRETTY='python3 -m json.tool --no-ensure-ascii --indent 2'

# Shows a command and runs it, in this shell, so that what it sets stays set.
show() {
    printf '$ %s\n' "$1"
    eval "$1"
    echo
}

chapter() { printf '### %s\n\n' "$1"; }

chapter "Sign up"
show "curl -s \$BASE/users -d email=ada@example.com -d name=Ada -d password='correct horse' |
    $PRETTY"

chapter "Log in"
show "TOKEN=\$(curl -s \$BASE/token -d username=ada@example.com -d password='correct horse' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)[\"data\"][\"access_token\"])')"
show "ada() { curl -s -H \"Authorization: Bearer \$TOKEN\" \"\$@\"; }"

chapter "Nine panels"
show "for title in Read Write Run Stretch Cook Sleep Call Draw Rest; do
    ada \$BASE/panels -d title=\$title >/dev/null
done"
show "ada \$BASE/panels |
    $PRETTY | sed -n 1,20p"

chapter "Tap"
show "tap() { ada \$BASE/panels/\$1/entries -H 'Content-Type: application/json' -d \"\$2\"; }"
show "tap 1 '{\"is_complete\": true}' |
    $PRETTY"

chapter "Take it back"
show "tap 1 '{\"is_complete\": false}' |
    $PRETTY | sed -n 1,6p"

chapter "Backdate"
show "TWO_DAYS_AGO=\$(python3 -c 'from datetime import *; print(datetime.now(UTC).date() - timedelta(days=2))')"
show "tap 1 '{\"is_complete\": true, \"day\": \"'\$TWO_DAYS_AGO'\"}' |
    $PRETTY | sed -n 1,6p"

chapter "History"
show "ada \$BASE/panels/1/entries |
    $PRETTY"

chapter "Consistency"
show "ada \$BASE/metrics/panels/consistency |
    $PRETTY | sed -n 1,11p"

chapter "A forgotten password"
show "curl -s \$BASE/auth/request_password_reset -d email=ada@example.com; echo"
# Sent in the background; here there is no mail server, so it is written to a file.
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
