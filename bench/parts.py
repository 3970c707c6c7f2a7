"""The parts of the benchmark: contestants, loads, and the required figures.

The docstring of a part and the names of its contestants and figures are published in docs/performance.md.
"""

import contextlib
import re
import statistics
import time
from collections.abc import Callable
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field
from functools import partial
from pathlib import Path

from tests.support.servers import SERVE_ONLY
from tests.support.servers import Service

from . import fill
from . import stage
from . import streams
from . import wrk
from .rounds import interleave
from .rounds import median
from .rounds import ratio
from .stage import LOAD_CORE
from .stage import SERVICE_CORE
from .wrk import Load
from .wrk import Request

ACTIVE_USERS = 10
USERS = 100
SIZES = {"33 thousand": 10, "330 thousand": 100, "3.3 million": 1_000}
"""Number of users by the total number of entries."""

MANY_CONNECTIONS = 256
STARTS = 5
SOAK_REQUESTS = 200_000
SOAK_SECONDS = 10
STREAMS_PER_USER = 10
DELIVERIES = 50
OFFLINE_USERS = range(2, 7)

WITHOUT_REVISIONS, ITS_SCHEMA = "5228feb", "e6c39f40b812"
"""The last commit without revisions."""

CEILING = ("uvicorn", "bench.ceiling:api", "--no-access-log")
REFERENCE = ("uvicorn", "bench.reference:api", "--no-access-log")


@dataclass(frozen=True)
class Figure:
    """A measured number and its required bound."""

    name: str
    value: float
    wanted: str


@dataclass
class Result:
    """The results of a part."""

    loads: dict[str, Load] = field(default_factory=dict)
    figures: list[Figure] = field(default_factory=list)


def per_second(load: Load) -> float:
    """Return the responses per second."""
    return load.per_second


def time_each(load: Load) -> float:
    """Return the median response time in ms."""
    return load.p50_ms


@dataclass(frozen=True)
class Everyday:
    """Everyday requests of the active users, who are spread evenly over all users."""

    panels: list[Request]
    taps: list[Request]
    year: list[Request]
    consistency: list[Request]
    logins: list[Request]

    @classmethod
    def of(cls, service: Service, users: int) -> "Everyday":
        """Log the active users in."""
        active = range(1, users + 1, users // ACTIVE_USERS)
        tokens = {user: stage.log_in(service, user) for user in active}
        return cls(
            panels=stage.panels(*tokens.values()),
            taps=stage.taps(tokens),
            year=stage.years(tokens),
            consistency=stage.consistencies(*tokens.values()),
            logins=stage.logins(*active),
        )


def everyday() -> Result:
    """Everyday requests on both databases, against the reference and the ceiling."""
    with contextlib.ExitStack() as running, stage.folder() as files, stage.postgres(LOAD_CORE) as server:
        urls = {"PostgreSQL": server.create_database("bench"), "SQLite": f"sqlite:///{files}/bench.db"}
        for url in urls.values():
            fill.fill(url, USERS)
        start = partial(_start, running)
        ceiling = start(urls["PostgreSQL"], CEILING)
        reference = start(urls["PostgreSQL"], REFERENCE)
        services = {name: start(url) for name, url in urls.items()}
        requests_of = {name: Everyday.of(service, USERS) for name, service in services.items()}
        first = requests_of["PostgreSQL"]
        contestants: dict[str, Callable[[], Load]] = {
            "panels, ceiling": partial(wrk.run, ceiling.url, first.panels),
            "panels, reference": partial(wrk.run, reference.url, first.panels),
            "tap, reference": partial(wrk.run, reference.url, first.taps),
        }
        for name, service in services.items():
            for what in ("panels", "taps", "year", "consistency", "logins"):
                contestants[f"{what}, {name}"] = partial(wrk.run, service.url, getattr(requests_of[name], what))
            contestants[f"panels at {MANY_CONNECTIONS}, {name}"] = partial(
                wrk.run, service.url, requests_of[name].panels, connections=MANY_CONNECTIONS
            )
        loads = interleave(contestants)
    figures = [
        Figure("panels / reference, requests/s", _over(loads, "panels, PostgreSQL", "panels, reference"), ">= 0.6"),
        Figure("taps / reference, requests/s", _over(loads, "taps, PostgreSQL", "tap, reference"), ">= 0.6"),
        Figure("panels SQLite / PostgreSQL, requests/s", _over(loads, "panels, SQLite", "panels, PostgreSQL"), ">= 1"),
        Figure("taps/s on SQLite, each on the disk", median(loads["taps, SQLite"]).per_second, ">= 500"),
    ]
    for name in urls:
        panels = median(loads[f"panels, {name}"])
        many = median(loads[f"panels at {MANY_CONNECTIONS}, {name}"])
        figures += [
            Figure(f"panels p99 / p50, {name}", panels.p99_ms / panels.p50_ms, "<= 3"),
            Figure(f"errors at {MANY_CONNECTIONS} connections, {name}", many.errors, "<= 0"),
            Figure(
                f"consistency / panels, time, {name}",
                _over(loads, f"consistency, {name}", f"panels, {name}", time_each),
                "<= 4",
            ),
            Figure(f"year / panels, time, {name}", _over(loads, f"year, {name}", f"panels, {name}", time_each), "<= 3"),
        ]
    return Result({name: median(each) for name, each in loads.items()}, figures)


def growth() -> Result:
    """The same requests of ten users while the histories of others grow."""
    result = Result()
    with stage.folder() as files, stage.postgres(LOAD_CORE) as server:
        urls = {
            "PostgreSQL": {size: server.create_database(f"bench{users}") for size, users in SIZES.items()},
            "SQLite": {size: f"sqlite:///{files}/bench{users}.db" for size, users in SIZES.items()},
        }
        for name, of_size in urls.items():
            for size, url in of_size.items():
                fill.fill(url, SIZES[size])
            _grow(name, of_size, result)
    return result


def _grow(name: str, urls: Mapping[str, str], result: Result) -> None:
    with contextlib.ExitStack() as running:
        services = {size: _start(running, url) for size, url in urls.items()}
        requests_of = {size: Everyday.of(service, SIZES[size]) for size, service in services.items()}
        for what in ("panels", "taps", "year", "consistency"):
            loads = interleave(
                {
                    f"{what}, {size}, {name}": partial(wrk.run, services[size].url, getattr(requests_of[size], what))
                    for size in SIZES
                }
            )
            result.loads |= {contestant: median(each) for contestant, each in loads.items()}
            smallest, *_, largest = loads.values()
            result.figures.append(Figure(f"{what}, time, {name}", ratio(largest, smallest, time_each), "<= 1.15"))


def workers() -> Result:
    """One worker with its load and its database on one core, two of them on two."""
    with contextlib.ExitStack() as running:
        contestants: dict[str, Callable[[], Load]] = {}
        for count, cores in ((1, (SERVICE_CORE,)), (2, (SERVICE_CORE, LOAD_CORE))):
            server = running.enter_context(stage.postgres(*cores))
            url = server.create_database("bench")
            fill.fill(url, USERS)
            program = (*SERVE_ONLY, "--workers", str(count))
            service = running.enter_context(stage.running(url, *cores, program=program))
            requests_of = Everyday.of(service, USERS)
            contestants[f"panels, workers: {count}"] = partial(_on_cores, cores, service.url, requests_of.panels)
        loads = interleave(contestants)
    figure = Figure("two workers / one, requests/s", _over(loads, "panels, workers: 2", "panels, workers: 1"), ">= 1.7")
    return Result({name: median(each) for name, each in loads.items()}, [figure])


def process() -> Result:
    """How long a start takes, how much memory a process holds, and whether that grows."""
    with stage.folder() as files:
        url = f"sqlite:///{files}/bench.db"
        fill.fill(url, ACTIVE_USERS)
        starts = [_time_a_start(url) for _ in range(STARTS)]
        with stage.running(url, SERVICE_CORE) as service, stage.on_cores(LOAD_CORE):
            panels = Everyday.of(service, ACTIVE_USERS).panels
            sent, sizes = 0.0, []
            while sent < SOAK_REQUESTS:
                sent += wrk.run(service.url, panels, seconds=SOAK_SECONDS).per_second * SOAK_SECONDS
                sizes.append((sent, _memory_mb(service.process.pid)))
    settled = next(size for at, size in sizes if at >= SOAK_REQUESTS / 4)
    return Result(
        {},
        [
            Figure("start to first answer, s", statistics.median(starts), "<= 1.5"),
            Figure(f"memory after {SOAK_REQUESTS:,} requests, MB", sizes[-1][1], "<= 120"),
            Figure("that / after a quarter of them", sizes[-1][1] / settled, "<= 1.05"),
        ],
    )


def streaming() -> Result:
    """Taps while 1,000 streams of changes are open, ten of each user who taps, and without them; on PostgreSQL."""
    memory_mb = []
    with contextlib.ExitStack() as running, stage.postgres(LOAD_CORE) as server:
        url = server.create_database("bench")
        fill.fill(url, USERS)
        one, two = (_start(running, url) for _ in range(2))
        tokens = {user: stage.log_in(one, user) for user in range(1, USERS + 1)}
        taps = stage.taps({user: tokens[user] for user in range(1, USERS + 1, USERS // ACTIVE_USERS)})

        def tap_with_streams() -> Load:
            before = _memory_mb(one.process.pid)
            with stage.on_cores(LOAD_CORE), streams.following(one.url, list(tokens.values()), STREAMS_PER_USER):
                memory_mb.append(_memory_mb(one.process.pid) - before)
                return wrk.run(one.url, taps)

        loads = interleave({"taps": partial(wrk.run, one.url, taps), "taps, with streams": tap_with_streams})
        delivery_s = streams.delivery_s(one, two, taps[0], DELIVERIES)
    with_and_without = loads["taps, with streams"], loads["taps"]
    return Result(
        {name: median(each) for name, each in loads.items()},
        [
            Figure("memory per stream, KB", memory_mb[0] * 1_024 / (USERS * STREAMS_PER_USER), "<= 60"),
            Figure("taps p99 with streams / without", ratio(*with_and_without, lambda load: load.p99_ms), "<= 1.5"),
            Figure("errors with streams", sum(load.errors for load in loads["taps, with streams"]), "<= 0"),
            Figure("from a tap at one instance to its event at another, s", delivery_s, "<= 1"),
        ],
    )


def revisions() -> Result:
    """What revisions cost and save: taps with and without them, 304s, the histories of all panels, a year offline.

    The taps without revisions are those of the last commit that had none.
    """
    result = Result()
    with contextlib.ExitStack() as running, stage.folder() as files, stage.postgres(LOAD_CORE) as server:
        earlier = running.enter_context(stage.checkout(WITHOUT_REVISIONS))
        for name, urls in {
            "PostgreSQL": [server.create_database(each) for each in ("bench", "earlier")],
            "SQLite": [f"sqlite:///{files}/{each}.db" for each in ("bench", "earlier")],
        }.items():
            fill.fill(urls[0], USERS)
            fill.fill(urls[1], USERS, ITS_SCHEMA)
            service = _start(running, urls[0])
            without = _start(running, urls[1], (*SERVE_ONLY, "--app-dir", str(earlier)))
            active = range(1, USERS, USERS // ACTIVE_USERS)
            # Users who only read: with each tap, their panels would be new again.
            readers = [stage.log_in(service, user + 1) for user in active]
            requests = {
                "taps": stage.taps({user: stage.log_in(service, user) for user in active}),
                "panels": stage.panels(*readers),
                "unchanged": stage.unchanged(service, *readers),
                "year": stage.years({user + 1: token for user, token in zip(active, readers, strict=True)}),
                "histories": stage.histories(*readers),
            }
            contestants = {f"{what}, {name}": partial(wrk.run, service.url, each) for what, each in requests.items()}
            taps = stage.taps({user: stage.log_in(without, user) for user in active})
            contestants[f"taps without revisions, {name}"] = partial(wrk.run, without.url, taps)
            loads = interleave(contestants)
            result.loads |= {contestant: median(each) for contestant, each in loads.items()}
            offline_s = statistics.median(stage.send_offline_year(service, user) for user in OFFLINE_USERS)
            result.figures += [
                Figure(
                    f"taps / without revisions, requests/s, {name}",
                    _over(loads, f"taps, {name}", f"taps without revisions, {name}"),
                    ">= 0.9",
                ),
                Figure(
                    f"304s / 200s, requests/s, {name}", _over(loads, f"unchanged, {name}", f"panels, {name}"), ">= 1"
                ),
                Figure(
                    f"histories of nine panels / year of one, time, {name}",
                    _over(loads, f"histories, {name}", f"year, {name}", time_each),
                    "<= 1.5",
                ),
                Figure(f"a year offline, nine panels, s, {name}", offline_s, "<= 2"),
            ]
    return result


PARTS: dict[str, Callable[[], Result]] = {
    "everyday": everyday,
    "growth": growth,
    "workers": workers,
    "process": process,
    "streaming": streaming,
    "revisions": revisions,
}


def _start(running: contextlib.ExitStack, url: str, program: tuple[str, ...] = SERVE_ONLY) -> Service:
    return running.enter_context(stage.running(url, SERVICE_CORE, program=program))


def _over(loads: Mapping[str, list[Load]], these: str, those: str, of: Callable[[Load], float] = per_second) -> float:
    return ratio(loads[these], loads[those], of)


def _on_cores(cores: tuple[int, ...], url: str, requests: list[Request]) -> Load:
    with stage.on_cores(*cores):
        return wrk.run(url, requests)


def _time_a_start(url: str) -> float:
    started = time.perf_counter()
    with stage.running(url, SERVICE_CORE):
        return time.perf_counter() - started


def _memory_mb(pid: int) -> float:
    size = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert size is not None, "VmRSS is missing"  # noqa: S101 - guaranteed by the kernel
    return int(size[1]) / 1_024
