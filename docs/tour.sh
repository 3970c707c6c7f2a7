#!/usr/bin/env bash
# Prints the chapters of docs/tour.md: each command and its output. Needs a service without users, at $1 or
# http://127.0.0.1:8000, and runs in the folder of that service.
set -euo pipefail

export BASE=${1:-http://127.0.0.1:8000}

die() { echo "$*" >&2; exit 1; }

trap 'exit 130' INT

for program in curl python3; do
    command -v "$program" >/dev/null || die "The tour needs $program: apt-get install $program"
done
# The passwords that the user of an earlier tour has: before its chapter about a forgotten password, and after it.
for password in "correct horse" "battery staple"; do
    case $(curl -s -o /dev/null -w '%{http_code}' "$BASE/token" -d username=ada@example.com -d password="$password") in
        401) ;;
        000) die "There is no service at $BASE: start one with './mc.sh --env TEST run'." ;;
        *) die "The tour needs a service without users: './mc.sh --env TEST data clear', then start it again." ;;
    esac
done

PRETTY='python3 -m json.tool --no-ensure-ascii --indent 2'
fence=""
separator=""

# Prints a command and runs it in this shell, so that variables and functions are still defined afterwards.
show() {
    printf '%s$ %s\n' "$separator" "$1"
    separator=$'\n'
    # Without the tracebacks of Python, which parses the output of curl.
    eval "$1" 2>/dev/null || die "This command failed. The tour needs a service without users, until its end."
}

chapter() {
    printf '%s## %s\n\n```console\n' "$fence" "$1"
    fence=$'```\n\n'
    separator=""
}

# Logs in with the password $1.
log_in() {
    show "TOKEN=\$(curl -s \$BASE/token -d username=ada@example.com -d password='$1' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)[\"data\"][\"access_token\"])')"
}

# Mails of earlier tours may be there, too.
count_reset_mails() { find var/mail -name '*.eml' -exec grep -l password_reset_token= {} + 2>/dev/null | wc -l; }

chapter "Sign up"
show "curl -s \$BASE/users -d email=ada@example.com -d name=Ada -d password='correct horse' |
    $PRETTY"

chapter "Log in"
log_in "correct horse"
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
before=$(count_reset_mails) || true
show "curl -s \$BASE/auth/request_password_reset -d email=ada@example.com; echo"
# The mail is sent in the background, up to 10 s later. Without a mail server it is written to a file.
for _ in {1..300}; do (($(count_reset_mails) == before)) || break; sleep 0.1; done
(($(count_reset_mails) > before)) || die "No mail came to var/mail: run the tour in the folder of the service."
show "RESET_TOKEN=\$(ls -tr var/mail/*.eml | xargs grep -hoE 'password_reset_token=[A-Za-z0-9_-]{43}' |
    tail -n 1 | cut -d = -f 2)"
show "curl -s \$BASE/auth/password_reset -d email=ada@example.com -d new_password='battery staple' \\
    -d password_reset_token=\$RESET_TOKEN; echo"
show "ada \$BASE/panels; echo"

chapter "An error"
log_in "battery staple"
show "ada \$BASE/panels -d title=Dance |
    $PRETTY"
printf '```\n'
