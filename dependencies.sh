# shellcheck shell=bash
# Installs Python packages for mc.sh and backup.sh. Both source this file in the project's directory.

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

# Creates a virtual environment in the directory $1.
make_venv() {
    local python
    python=$(find_python)
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        die "$python lacks the module ensurepip; on Debian and Ubuntu: apt-get install python3-venv"
    fi
    quietly "$python" -m venv "$1"
}

# Prints the package index that pip uses. Poetry's default index has a JSON API that many mirrors lack.
pip_index_url() {
    echo "${PIP_INDEX_URL:-$("$POETRY_VENV/bin/pip" config get global.index-url 2>/dev/null ||
        "$POETRY_VENV/bin/python" -c 'from pip._internal.models.index import PyPI; print(PyPI.simple_url)')}"
}

run_poetry() {
    if command -v poetry >/dev/null; then
        POETRY_VIRTUALENVS_IN_PROJECT=true poetry "$@"
        return
    fi
    [[ -x $POETRY_VENV/bin/poetry ]] || install_poetry
    POETRY_PYPI_MIRROR_URL=$(pip_index_url) POETRY_VIRTUALENVS_IN_PROJECT=true "$POETRY_VENV/bin/poetry" "$@"
}

install_poetry() {
    make_venv "$POETRY_VENV"
    "$POETRY_VENV/bin/pip" install --disable-pip-version-check poetry poetry-plugin-pypi-mirror
}

# Runs a command and prints its output only if it fails, and then without the many warnings of pip.
quietly() {
    local output
    output=$("$@" 2>&1) && return
    printf '%s\n' "$output" | sed -E '/^(WARNING|Looking in)/d' | tail -n 20 >&2
    die "The packages could not be installed: the reason is above. Without a network, nothing can be downloaded from" \
        "$(pip_index_url 2>/dev/null)"
}

# Succeeds if exceptions are reported to Sentry, according to the environment variables or a settings file.
sentry_is_enabled() {
    [[ -n ${NINEPANELS_SENTRY_DSN:-} ]] || grep -qsE '^(export )?NINEPANELS_SENTRY_DSN=.' .env.*
}

# Prints what identifies the packages that are needed.
needed_packages() {
    local needed
    needed=$(cksum pyproject.toml poetry.lock)
    ! sentry_is_enabled || needed+=" sentry"
    echo "$needed"
}

# Succeeds if the packages are installed: $1 is `main`, or `dev` to include the development tools. A stamp file says what
# is installed. Installed extras that are not needed do no harm.
are_installed() {
    local stamp=$VENV/.installed-$1
    [[ -f $stamp && $(<"$stamp") == "$(needed_packages)"* ]]
}

# Installs the locked packages unless they are installed. $1 is that of `are_installed`.
install_packages() {
    are_installed "$1" && return
    # Before the installation, which takes a minute: an error of the environment is found at once.
    if [[ $1 != dev ]]; then
        local python
        python=$(find_python)
        "$python" -m ninepanels.environments >/dev/null
    fi
    [[ -x $VENV/bin/python ]] || make_venv "$VENV"
    say "Installing the packages into $VENV, which takes about a minute"
    if ! command -v poetry >/dev/null && [[ ! -x $POETRY_VENV/bin/poetry ]]; then
        quietly install_poetry
    fi
    # Compile now: the service may later run without write access to $VENV.
    if [[ $1 == dev ]]; then
        quietly run_poetry sync --no-root --no-interaction --compile
        needed_packages >"$VENV/.installed-dev"
    else
        local extras=()
        ! sentry_is_enabled || extras=(--extras sentry)
        quietly run_poetry install --no-root --no-interaction --compile --only main "${extras[@]}"
    fi
    needed_packages >"$VENV/.installed-main"
}
