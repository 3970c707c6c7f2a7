# shellcheck shell=bash
# What mc.sh and backup.sh need before they can call Python: sourced, in the project's folder.

VENV=.venv
POETRY_VENV=.poetry

say() { printf '%s\n' "$*" >&2; }
die() { say "${0##*/}: $*"; exit 1; }

find_python() {
    local candidate
    for candidate in python3 python3.11 python3.12 python3.13 python3.14 python; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    die "Python 3.11 or newer is needed, and there is none on the PATH."
}

# A virtual environment in the folder $1.
make_venv() {
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        die "$python lacks the module ensurepip; on Debian and Ubuntu: apt-get install python3-venv"
    fi
    "$python" -m venv "$1"
}

# Poetry asks its default index for an address that many mirrors lack, so it is pointed at the index that pip uses.
pips_index() {
    echo "${PIP_INDEX_URL:-$("$POETRY_VENV/bin/pip" config get global.index-url 2>/dev/null ||
        "$POETRY_VENV/bin/python" -c 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)')}"
}

poetry_() {
    if command -v poetry >/dev/null; then
        POETRY_VIRTUALENVS_IN_PROJECT=true poetry "$@"
        return
    fi
    if [[ ! -x $POETRY_VENV/bin/poetry ]]; then
        say "Installing Poetry into $POETRY_VENV"
        make_venv "$POETRY_VENV"
        "$POETRY_VENV/bin/pip" install --quiet --disable-pip-version-check poetry poetry-plugin-pypi-mirror
    fi
    POETRY_PYPI_MIRROR_URL=$(pips_index) POETRY_VIRTUALENVS_IN_PROJECT=true "$POETRY_VENV/bin/poetry" "$@"
}

# Whether exceptions are reported to Sentry, in this environment's variables or in a file of settings.
wants_sentry() {
    [[ -n ${NINEPANELS_SENTRY_DSN:-} ]] || grep -qsE '^(export )?NINEPANELS_SENTRY_DSN=.' .env.*
}

# Installs the locked packages, unless those of this lock file are there: $1 is `main`, or `dev` for the tools as well.
install_() {
    local wanted stamp=$VENV/.installed-$1 main=(--only main)
    wanted=$(cksum pyproject.toml poetry.lock)
    if wants_sentry; then
        main+=(--extras sentry)
        wanted+=" sentry"
    fi
    # More than is wanted does no harm.
    [[ -f $stamp && $(<"$stamp") == "$wanted"* ]] && return
    [[ -x $VENV/bin/python ]] || make_venv "$VENV"
    say "Installing the locked packages into $VENV"
    # Compiled once here, so that a start need not do it: it may not be allowed to keep what it compiled.
    if [[ $1 == dev ]]; then
        poetry_ sync --quiet --no-interaction --compile
    else
        poetry_ install --quiet --no-interaction --compile "${main[@]}"
    fi
    echo "$wanted" >"$stamp"
    [[ $1 == dev ]] && echo "$wanted" >"$VENV/.installed-main"
    return 0
}
