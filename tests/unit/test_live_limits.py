"""Rate limits: who floods the service waits, all others do not, and memory is bounded whatever ids come."""

import json
import logging
import random
from collections.abc import Callable

import httpx
import pytest
import segment.analytics
from live_service import OPEN
from test_live_collector import AUTH, KEY, READ_KEY, TRACK, running

from audiencekit.live.limits import ADDRESS, DEVICE, LONGEST_WAIT, Buckets, Limits, Rate, network_of
from audiencekit.live.limits import KEY as BY_KEY
from audiencekit.live.refused import Refused


class Seconds:
    """A steady clock that shows a moment until it is set."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def seconds() -> Seconds:
    return Seconds()


def refused(work: Callable[[], object]) -> Refused | None:
    try:
        work()
    except Refused as refusal:
        return refusal
    return None


def test_what_comes_through_is_the_burst_and_the_rate_whatever_the_pattern(seconds):
    chance = random.Random(3)
    for _ in range(50):
        rate = Rate(chance.uniform(0.5, 50), chance.randrange(1, 200))
        limits, begun, admitted = Limits({DEVICE: rate}, seconds), seconds.now, 0
        for _ in range(2_000):
            seconds.now += chance.choice([0, 0, 0, 0.001, chance.expovariate(5)])
            admitted += refused(lambda limits=limits: limits.take(DEVICE, "d")) is None
        possible = rate.at_once + (seconds.now - begun) * rate.per_second + 1
        assert admitted <= possible
        assert admitted >= min(2_000, rate.at_once)


def test_after_the_seconds_that_the_answer_names_one_may_send_again(seconds):
    limits = Limits({DEVICE: Rate(2, 10)}, seconds)
    limits.charge(DEVICE, "d", 40)
    refusal = refused(lambda: limits.take(DEVICE, "d"))
    assert refusal and (refusal.status, refusal.retry_after) == (429, 15)
    seconds.now += refusal.retry_after - 1
    assert refused(lambda: limits.take(DEVICE, "d"))
    seconds.now += 1
    assert refused(lambda: limits.take(DEVICE, "d")) is None
    # However much came at once, nobody waits longer than a library of a sender does.
    limits.charge(DEVICE, "d", 10**9)
    refusal = refused(lambda: limits.take(DEVICE, "d"))
    assert refusal and refusal.retry_after == LONGEST_WAIT


def test_one_device_of_a_batch_keeps_no_other_from_it(seconds):
    limits = Limits({DEVICE: Rate(1, 5)}, seconds)
    limits.charge(DEVICE, "flood", 50)
    assert refused(lambda: limits.check(DEVICE, ["flood"]))
    assert refused(lambda: limits.check(DEVICE, ["flood", "another"])) is None
    assert limits.counts[DEVICE] == 1


def test_memory_is_bounded_whatever_ids_come(seconds):
    buckets = Buckets(Rate(1, 5), most=1_000)
    buckets.charge("flood", 100, seconds.now)
    for number in range(20_000):
        buckets.charge(f"{number}" + "x" * 1_000, 1, seconds.now)
        if number % 500 == 0:
            # Who floods is asked about again and again, and so is remembered.
            assert buckets.seconds_to_wait("flood", seconds.now) > 0
    assert len(buckets) == 1_000
    assert {len(digest) for digest in buckets._full_at} == {16}


def test_a_network_of_ipv6_is_one_address():
    assert (
        network_of("2001:db8:1:2:3:4:5:6") == network_of("2001:db8:1:2::1") == "2001:db8:1:2::/64"
    )
    assert network_of("2001:db8:1:3::1") != network_of("2001:db8:1:2::1")
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("") == ""


def post(url: str, path: str, body: object, **headers: str) -> httpx.Response:
    return httpx.post(f"{url}/v1/{path}", content=json.dumps(body), headers=AUTH | headers)


def test_a_flood_of_one_device_is_answered_with_429_and_no_other_waits(tmp_path):
    limits = Limits(OPEN | {DEVICE: Rate(0.1, 5)})
    with running(tmp_path, limits=limits) as (url, collector):
        call = TRACK | {"anonymousId": "flood"}
        answers = [post(url, "track", call) for _ in range(8)]
        assert [a.status_code for a in answers] == [200] * 6 + [429] * 2
        last = answers[-1]
        assert 1 <= int(last.headers["retry-after"]) <= 20
        assert (
            last.json()["code"] == "too_many_requests" and "this device" in last.json()["message"]
        )
        assert post(url, "track", TRACK | {"anonymousId": "another"}).status_code == 200
        # A server that sends for many goes on.
        batch = {"batch": [call | {"type": "track"}, TRACK | {"type": "track", "userId": "u2"}]}
        assert post(url, "batch", batch).status_code == 200
        asked = {"anonymous_id": "flood", "write_key": KEY}
        assert httpx.get(f"{url}/v1/personalize", params=asked).status_code == 429
        assert collector.settings.limits.counts == {BY_KEY: 0, ADDRESS: 0, DEVICE: 3}


def test_a_flood_with_one_key_does_not_use_up_another_one(tmp_path):
    limits = Limits(OPEN | {BY_KEY: Rate(0.1, 10)})
    with running(tmp_path, limits=limits) as (url, _):
        batch = {"batch": [TRACK | {"type": "track"}] * 50}
        assert post(url, "batch", batch).status_code == 200
        refusal = post(url, "batch", batch)
        assert refusal.status_code == 429 and "this key" in refusal.json()["message"]
        other = {"authorization": "Bearer another-key-of-these-tests"}
        assert httpx.post(f"{url}/v1/track", json=TRACK, headers=other).status_code == 200


def test_a_flood_of_one_address_is_stopped_before_it_is_read_and_no_other_waits(tmp_path):
    """Addresses as a proxy that is known names them."""
    limits = Limits(OPEN | {ADDRESS: Rate(0.1, 20)})
    with running(tmp_path, limits=limits, proxies=("127.0.0.1",)) as (url, collector):
        flood = {"x-forwarded-for": "198.51.100.7, 203.0.113.9"}
        answers = [httpx.post(f"{url}/v1/track", content=b"{", headers=flood) for _ in range(30)]
        assert [a.status_code for a in answers] == [400] * 21 + [429] * 9
        # What a client itself writes into the header changes nothing: the address that the proxy saw counts.
        flood = {"x-forwarded-for": "198.51.100.8, 203.0.113.9"}
        assert post(url, "track", TRACK, **flood).status_code == 429
        another = {"x-forwarded-for": "203.0.113.10"}
        assert post(url, "track", TRACK, **another).status_code == 200
        # Operators' probes, and servers of the shop, which have a read key, are not counted by address.
        assert httpx.get(f"{url}/healthz", headers=flood).status_code == 200
        metrics = httpx.get(
            f"{url}/metrics", headers=flood | {"authorization": f"Bearer {READ_KEY}"}
        )
        assert 'audiencekit_limited_requests_total{by="address"} 10.0' in metrics.text
        assert collector.counts["refused"] == 21, "what was not read is not counted as read"


def test_large_requests_and_large_batches_cost_what_they_are(tmp_path):
    limits = Limits(OPEN | {ADDRESS: Rate(0.001, 100)})
    with running(tmp_path, limits=limits) as (url, _):
        batch = {"batch": [TRACK | {"type": "track"}] * 90}
        assert post(url, "batch", batch).status_code == 200
        # 9 are left: one for the request, and 50 for 400 KB of nothing.
        assert (
            httpx.post(f"{url}/v1/track", content=b" " * 400_000, headers=AUTH).status_code == 400
        )
        assert post(url, "track", TRACK).status_code == 429


def test_a_page_of_another_origin_can_read_that_it_has_to_wait(tmp_path):
    limits = Limits(OPEN | {ADDRESS: Rate(0.1, 1)})
    shop = "https://shop.example"
    with running(tmp_path, limits=limits, origins=[shop]) as (url, _):
        answers = [post(url, "track", TRACK, origin=shop) for _ in range(3)]
        assert [a.status_code for a in answers] == [200, 200, 429]
        assert answers[-1].headers["access-control-allow-origin"] == shop
        assert "retry-after" in answers[-1].headers["access-control-expose-headers"]


def test_no_header_is_believed_unless_somebody_asked_for_it(tmp_path, caplog):
    limits = Limits(OPEN | {ADDRESS: Rate(0.1, 5)})
    with running(tmp_path, limits=limits) as (url, _), caplog.at_level(logging.WARNING):
        answers = [
            post(url, "track", TRACK, **{"x-forwarded-for": f"203.0.113.{number}"})
            for number in range(8)
        ]
    assert [a.status_code for a in answers] == [200] * 6 + [429] * 2
    assert [r.message for r in caplog.records if "--trusted-proxy" in r.message] == [
        "Requests come through a proxy, so that all visitors count as one address. "
        "If the proxy is yours, name its address with --trusted-proxy."
    ]


def test_segments_own_library_waits_and_sends_the_same_calls_again(tmp_path):
    """The library reads Retry-After, and sends what was refused once more: nothing is lost by a limit."""
    limits = Limits(OPEN | {DEVICE: Rate(5, 10)})
    failures = []
    with running(tmp_path, limits=limits) as (url, collector):
        library = segment.analytics.Client(
            KEY,
            host=url,
            upload_size=8,
            upload_interval=0.1,
            on_error=lambda *e: failures.append(e),
        )
        for number in range(40):
            library.track("u1", "Page Viewed", message_id=f"m{number}")
        library.shutdown()
        assert collector.settings.limits.counts[DEVICE] > 0
        assert collector.counts["taken"] == 40 and not failures
