# The service and mission control: `docker compose exec service ./mc.sh ...`.
FROM python:3.11-slim-trixie AS packages
# Behind a mirror: --build-arg POETRY_PYPI_MIRROR_URL=https://mirror.example/simple
ARG POETRY_PYPI_MIRROR_URL=""
RUN python -m venv /poetry && /poetry/bin/pip install --no-cache-dir poetry==2.5.1 poetry-plugin-pypi-mirror
WORKDIR /srv/ninepanels
COPY pyproject.toml poetry.lock ./
# Includes Sentry, because nothing can be installed later. The stamp file tells mc.sh that all packages are installed.
RUN POETRY_VIRTUALENVS_IN_PROJECT=true /poetry/bin/poetry install \
        --only main --extras sentry --compile --no-interaction --no-cache \
    && echo "$(cksum pyproject.toml poetry.lock) sentry" >.venv/.installed-main

FROM python:3.11-slim-trixie
# pg_dump and pg_restore for backups. They must not be older than the server in compose.yaml.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin ninepanels
WORKDIR /srv/ninepanels
COPY --from=packages /srv/ninepanels/.venv .venv
COPY . .
RUN python -m compileall -q ninepanels alembic data_mgmt.py \
    && install --directory --mode 700 --owner ninepanels --group ninepanels var
USER ninepanels
VOLUME /srv/ninepanels/var
EXPOSE 8000
# NINEPANELS_ENV is required: an image has no git branch that determines the environment.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD [".venv/bin/python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
CMD ["./mc.sh", "run", "--host", "0.0.0.0"]
