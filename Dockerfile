# The service and mission control: `docker run IMAGE`, `docker exec CONTAINER ninepanels data promote EMAIL`.
FROM python:3.11-slim-trixie AS packages
# Behind a mirror: --build-arg POETRY_PYPI_MIRROR_URL=https://mirror.example/simple
ARG POETRY_PYPI_MIRROR_URL=""
RUN python -m venv /poetry && /poetry/bin/pip install --no-cache-dir poetry==2.5.1 poetry-plugin-pypi-mirror
WORKDIR /srv/ninepanels
COPY pyproject.toml poetry.lock ./
# The locked packages, in a layer of their own. With Sentry, because nothing can be installed later.
RUN POETRY_VIRTUALENVS_IN_PROJECT=true /poetry/bin/poetry install \
        --no-root --only main --extras sentry --compile --no-interaction --no-cache
COPY . .
RUN /poetry/bin/poetry build --format wheel \
    && /poetry/bin/pip --python .venv/bin/python install --no-deps --no-index --compile dist/*.whl

FROM python:3.11-slim-trixie
# pg_dump and pg_restore for backups. They must not be older than the server in compose.yaml.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends postgresql-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --no-create-home --shell /usr/sbin/nologin ninepanels \
    && install --directory --mode 700 --owner ninepanels --group ninepanels /srv/ninepanels/var
COPY --from=packages /srv/ninepanels/.venv /srv/ninepanels/.venv
ENV PATH=/srv/ninepanels/.venv/bin:$PATH
# The embedded database and its secret are in /srv/ninepanels/var. The environment is MAIN unless NINEPANELS_ENV is set.
ENV NINEPANELS_HOME=/srv/ninepanels
USER ninepanels
VOLUME /srv/ninepanels/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8000/health/ready', timeout=4)"]
ENTRYPOINT ["ninepanels"]
CMD ["run", "--host", "0.0.0.0"]
