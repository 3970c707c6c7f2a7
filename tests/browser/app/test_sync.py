"""Taps on several devices, without a connection, and with a login that has ended."""

import re
from collections.abc import Callable
from datetime import UTC
from datetime import datetime
from datetime import timedelta

from playwright.sync_api import Request
from playwright.sync_api import expect

from ninepanels import days

from ...support.people import PASSWORD
from ...support.people import Person
from ...support.people import data
from ...support.servers import wait_for
from .device import Device
from .device import expect_done

HOUR = timedelta(hours=1)
MINUTE_MS = 61_000
"""After this time, a page has noticed that its clock was set."""


class Berlin:
    timezone = "Europe/Berlin"
    day_starts_at = 0


def done_days(person: Person) -> list[list[str]]:
    """The done days of each panel, as the service knows them."""
    return [history["done"] for history in data(person.get("/history"))]


def test_two_devices_see_each_others_taps(new_device: Callable[[], Device], device: Device, person: Person) -> None:
    other = new_device()
    other.log_in(person.email)
    device.tile("Read").click()
    expect_done(other.tile("Read"))
    other.tile("Read").click()
    expect_done(device.tile("Read"), is_done=False)


def writes_of(device: Device) -> list[Request]:
    """Return a list that collects the requests of a device, in all its tabs, that write."""
    sent: list[Request] = []
    device.context.on("request", lambda request: sent.append(request) if request.method != "GET" else None)
    return sent


def test_a_tap_is_one_request(device: Device, person: Person) -> None:
    sent = writes_of(device)
    device.tile("Read").click()
    device.wait_until_sent()
    assert [(request.method, request.url.partition("/panels")[2].count("/")) for request in sent] == [("PUT", 3)]
    assert [len(done) for done in done_days(person)] == [1, 0]


def test_taps_of_two_days_without_a_connection_arrive_for_the_right_days(
    new_device: Callable[[], Device], person: Person
) -> None:
    device = new_device()
    device.log_in(person.email)
    now = datetime.now(UTC)
    last_midnight = days.start_of(days.day_of(now, Berlin), "Europe/Berlin", 0)
    midnight = days.start_of(days.day_of(last_midnight - HOUR, Berlin), "Europe/Berlin", 0)
    clock = device.page.clock
    clock.install()
    device.wait_for_worker()
    device.context.set_offline(True)
    # From here on, no response of the service corrects the day of the page.
    device.page.reload()
    expect_done(device.tile("Read"), is_done=False)
    clock.set_system_time(midnight - timedelta(seconds=150))
    clock.run_for(MINUTE_MS)
    device.tile("Read").click()
    expect_done(device.tile("Read"))
    clock.run_for(2 * MINUTE_MS)  # Midnight passes while the page is open.
    expect_done(device.tile("Read"), is_done=False)
    device.tile("Write").click()
    clock.set_system_time(now)
    clock.run_for(MINUTE_MS)
    expect_done(device.tile("Write"), is_done=False)
    device.context.set_offline(False)
    clock.run_for(MINUTE_MS)
    device.wait_until_sent()
    evening, morning = (days.day_of(midnight + step, Berlin).isoformat() for step in (-HOUR, HOUR))
    assert done_days(person) == [[evening], [morning]]


def test_the_app_opens_without_a_connection_with_the_taps_that_wait(device: Device, person: Person) -> None:
    device.wait_for_worker()
    device.tile("Read").click()
    device.wait_until_sent()
    device.context.set_offline(True)
    device.tile("Write").click()
    wait_for(device.unsent)
    device.page.reload()
    for title in ("Read", "Write"):
        expect_done(device.tile(title))
    expect(device.page.get_by_text("One tap is kept")).to_be_visible()
    device.context.set_offline(False)
    device.wait_until_sent()
    assert [len(done) for done in done_days(person)] == [1, 1]
    expect(device.page.get_by_text("One tap is kept")).to_have_count(0)


def test_a_tap_right_before_a_tab_is_closed_or_loaded_again_stays_on_the_device(device: Device, person: Person) -> None:
    device.wait_for_worker()
    with device.page.expect_popup() as opening:
        device.page.evaluate("void open('/app/')")
    second = opening.value
    expect(device.tile("Write", second)).to_be_visible()
    device.context.set_offline(True)
    second.evaluate("document.querySelectorAll('.tile')[1].click(), close()")
    with device.page.expect_navigation():
        device.page.evaluate("document.querySelector('.tile').click(), location.reload()")
    for title in ("Read", "Write"):
        expect_done(device.tile(title))
    device.context.set_offline(False)
    device.wait_until_sent()
    assert [len(done) for done in done_days(person)] == [1, 1]


def test_a_tap_right_before_the_only_tab_is_closed_is_sent(new_device: Callable[[], Device], person: Person) -> None:
    device = new_device()
    device.page.goto("/app/sw.js")
    with device.page.expect_popup() as opening:
        device.page.evaluate("void open('/app/')")
    only = opening.value
    only.get_by_label("E-mail").fill(person.email)
    only.get_by_label("Password", exact=True).fill(PASSWORD)
    only.get_by_role("button", name="Log in").click()
    expect(device.tile("Read", only)).to_be_visible()
    only.evaluate("navigator.serviceWorker.ready.then(() => null)")
    only.evaluate("document.querySelector('.tile').click(), close()")
    wait_for(lambda: [len(done) for done in done_days(person)] == [1, 0])


def test_a_tap_on_a_panel_that_another_device_has_deleted_is_taken_back(device: Device, person: Person) -> None:
    device.context.set_offline(True)
    device.tile("Read").click()
    expect_done(device.tile("Read"))
    person.delete(f"/panels/{data(person.get('/panels'))[0]['id']}")
    device.context.set_offline(False)
    for place in (device.page.get_by_role("main"), device.page.get_by_role("status")):
        expect(place.get_by_text("Read has been deleted")).to_be_visible()
    expect(device.tile("Read")).to_have_count(0)
    expect(device.tile("Write")).to_be_visible()
    assert device.unsent() == []


def test_a_login_that_has_ended_keeps_the_taps_for_the_next_one(device: Device, person: Person) -> None:
    data(person.post("/auth/logout_everywhere", {}))
    device.tile("Read").click()
    device.page.get_by_role("link", name="Log in").click()
    expect(device.page.get_by_text("One tap is kept")).to_be_visible()
    assert len(device.unsent()) == 1
    device.page.get_by_label("Password", exact=True).fill(PASSWORD)
    device.page.get_by_role("button", name="Log in").click()
    device.wait_until_sent()
    expect_done(device.tile("Read"))
    person.token = Person.log_in(person.client, person.email)
    assert [len(done) for done in done_days(person)] == [1, 0]


def test_taps_of_one_user_are_never_sent_for_another(
    device: Device, person: Person, new_person: Callable[[str], Person]
) -> None:
    bob = new_person("bob")
    bob.new_panel("Sing")
    data(person.post("/auth/logout_everywhere", {}))
    device.tile("Read").click()
    expect(device.page.get_by_role("link", name="Log in")).to_be_visible()
    device.log_in(bob.email)
    device.tile("Sing").click()
    expect(device.tile("Read")).to_have_count(0)
    wait_for(lambda: len(done_days(bob)[0]) == 1)
    person.token = Person.log_in(person.client, person.email)
    assert [len(done) for done in done_days(person)] == [0, 0]
    assert len(device.unsent()) == 1
    device.log_in(person.email)
    device.wait_until_sent()
    assert [len(done) for done in done_days(bob) + done_days(person)] == [1, 1, 0]


def test_logging_out_asks_about_taps_that_wait_and_leaves_nothing_behind(device: Device) -> None:
    device.context.set_offline(True)
    device.tile("Read").click()
    assert device.run("session", "logOut") is False
    expect_done(device.tile("Read"))
    assert device.run("session", "logOut", {"discard": True}) is True
    expect(device.page.get_by_role("heading", name="Log in")).to_be_visible()
    count = (
        "caches.keys().then((all) => Promise.all(all.map((name) => caches.open(name).then((cache) => cache.keys()))))"
    )
    kept = device.page.evaluate(f"{count}.then((all) => all.flat().map((request) => request.url))")
    assert [url for url in kept if not re.search(r"/app/($|[0-9a-f]{12}/)", url)] == []
    assert device.page.evaluate("indexedDB.databases().then((all) => all.map((each) => each.name))") == ["nine-panels"]
    assert device.unsent() == []


def test_two_tabs_show_the_same_and_send_each_tap_once(device: Device, person: Person) -> None:
    second = device.context.new_page()
    second.goto("/app/")
    sent = writes_of(device)
    device.tile("Read").click()
    expect_done(device.tile("Read", second))
    device.tile("Write", second).click()
    expect_done(device.tile("Write"))
    device.wait_until_sent()
    assert [request.method for request in sent] == ["PUT", "PUT"]
    assert [len(done) for done in done_days(person)] == [1, 1]


def test_without_storage_the_app_works_while_there_is_a_connection(
    new_device: Callable[[], Device], person: Person
) -> None:
    device = new_device()
    for storage in ("indexedDB", "localStorage"):
        refuse = (
            f"Object.defineProperty(window, '{storage}', {{get() {{ throw new DOMException('', 'SecurityError'); }}}})"
        )
        device.context.add_init_script(refuse)
    device.page.reload()
    device.log_in(person.email)
    with device.page.expect_response(lambda response: response.request.method == "PUT"):
        device.tile("Read").click()
    assert [len(done) for done in done_days(person)] == [1, 0]


def test_a_page_that_is_hidden_for_a_minute_ends_its_stream_and_catches_up_when_it_is_shown(
    new_device: Callable[[], Device], person: Person
) -> None:
    device = new_device()
    device.page.clock.install()
    device.page.reload()
    with device.page.expect_request("**/changes/stream"):
        device.log_in(person.email)
    device.page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    device.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    with device.page.expect_event("requestfailed", lambda request: request.url.endswith("/changes/stream")):
        device.page.clock.run_for(MINUTE_MS)
    device.page.clock.run_for(MINUTE_MS)
    sent: list[Request] = []
    device.page.on("request", lambda request: sent.append(request))
    device.page.clock.run_for(2 * MINUTE_MS)
    assert not [request for request in sent if request.url.endswith("/changes/stream")]
    person.tap(data(person.get("/panels"))[0]["id"])
    device.page.evaluate("delete document.hidden, document.dispatchEvent(new Event('visibilitychange'))")
    expect_done(device.tile("Read"))
