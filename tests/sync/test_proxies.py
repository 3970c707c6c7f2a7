"""Streams behind the proxies of `deploy/`, real ones."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ..serve.conftest import log_in
from ..serve.conftest import sign_up
from ..support import haproxy
from ..support import nginx
from ..support import programs
from ..support.certificates import Certificate
from ..support.people import data
from ..support.servers import Service
from ..support.servers import wait_for
from ..support.streams import following_at


@pytest.fixture(scope="module")
def service(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    shutil.copy(sqlite_template, folder / "test.db")
    with Service(f"sqlite:///{folder}/test.db", folder) as service:
        data(sign_up(service))
        yield service


def assert_passes_streams(service: Service, url: str, certificate: Certificate | None = None) -> None:
    token = data(log_in(service))["access_token"]
    with following_at(url, token, certificate) as stream:
        assert stream.status == 200
        seen = stream.revisions[-1]
        data(service.client.post("/panels", json={"title": "Read"}, headers={"Authorization": f"Bearer {token}"}))
        wait_for(lambda: stream.revisions[-1] > seen)


@programs.needs("nginx")
def test_nginx_passes_each_event_on_at_once(service: Service, tmp_path: Path) -> None:
    with nginx.serving(service.url, tmp_path / "nginx") as (url, certificate):
        assert_passes_streams(service, url, certificate)


@programs.needs("nginx")
def test_nginx_passes_each_event_on_at_once_under_a_path(service: Service, tmp_path: Path) -> None:
    with nginx.serving_under_a_path(service.url, tmp_path / "nginx") as url:
        assert_passes_streams(service, url)


@programs.needs("haproxy")
def test_haproxy_passes_each_event_on_at_once(service: Service, tmp_path: Path) -> None:
    with haproxy.serving(service.url, tmp_path / "haproxy") as (url, certificate):
        assert_passes_streams(service, url, certificate)
