"""`/metrics`: the node's health in Prometheus' text format (version 0.0.4).

Written by hand: a dozen lines of a format that has been stable for years, and no registry that is global.
Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterator
from typing import Final

from asman.edge.hub import Hub
from asman.edge.link_messages import LinksState
from asman.edge.messages import Health

MEDIA_TYPE: Final = "text/plain; version=0.0.4"
_Samples = list[tuple[dict[str, str], float | None]]


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _metric(name: str, kind: str, meaning: str, samples: _Samples) -> Iterator[str]:
    yield f"# HELP asman_{name} {meaning}"
    yield f"# TYPE asman_{name} {kind}"
    for labels, value in samples:
        if value is None:
            continue
        inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
        yield f"asman_{name}{{{inside}}} {value:.17g}" if inside else f"asman_{name} {value:.17g}"


def text(hub: Hub) -> str:
    """Return the page that Prometheus reads."""
    return "\n".join(_lines(hub)) + "\n"


def _lines(hub: Hub) -> Iterator[str]:
    info = {"node": hub.hello.node, "member": hub.hello.member, "mode": hub.hello.mode}
    yield from _metric("node", "gauge", "The node; always 1.", [(info, 1)])
    for name, kind, meaning, value in (
        ("stream_clients", "gauge", "Open streams.", len(hub.clients)),
        ("pictures_total", "counter", "Pictures taken from the reasoning.", hub.pictures),
        ("stream_dropped_total", "counter", "Pictures that slow clients lost.", hub.dropped),
    ):
        yield from _metric(name, kind, meaning, [({}, value)])
    if hub.health is not None:
        yield from _health(hub.health)
    if hub.links is not None:
        yield from _links(hub.links)


def _health(health: Health) -> Iterator[str]:
    for name, kind, meaning in (
        ("time_s", "gauge", "Time of the picture, UTC epoch seconds."),
        ("uptime_s", "gauge", "Seconds since the node started."),
        ("tracks", "gauge", "Tracks, confirmed or not."),
        ("confirmed", "gauge", "Confirmed tracks."),
        ("simulated", "gauge", "1 while any track is of simulated plots."),
        ("simulated_tracks", "gauge", "Tracks of simulated plots."),
        ("plots", "counter", "Plots taken from sensors."),
        ("rejected", "counter", "Blocks, records and plots that could not be used."),
        ("dropped", "counter", "Datagrams and pictures that queues had no room for."),
        ("behind_s", "gauge", "Seconds that reasoning lags behind its feeds."),
    ):
        yield from _metric(_named(name, kind), kind, meaning, [({}, getattr(health, name))])
    for name, kind, meaning in (
        ("plots", "counter", "Plots of a sensor."),
        ("simulated", "counter", "Plots of a sensor that say that they are simulated."),
        ("rejected", "counter", "Reports of a sensor that were not used."),
        ("last_seen_s", "gauge", "When a sensor was last heard, UTC epoch seconds."),
    ):
        samples = [({"sensor": s.id}, getattr(s, name)) for s in health.sensors]
        yield from _metric("sensor_" + _named(name, kind), kind, meaning, samples)
    yield from _registration(health)
    for name, meaning in (
        ("datagrams", "Datagrams of a feed."),
        ("octets", "Octets of a feed."),
        ("rejected", "Blocks of a feed that could not be read."),
        ("dropped", "Datagrams of a feed that were dropped."),
    ):
        samples = [({"feed": f.name}, getattr(f, name)) for f in health.feeds]
        yield from _metric(f"feed_{name}_total", "counter", meaning, samples)
    for name, kind, meaning in (
        ("messages", "counter", "Messages of an output."),
        ("octets", "counter", "Octets of an output."),
        ("dropped", "counter", "Messages of an output that did not reach a reader."),
        ("left_out", "counter", "Tracks that an output's format could not say."),
        ("readers", "gauge", "Programs that take an output."),
    ):
        samples = [({"output": o.name, "kind": o.kind}, getattr(o, name)) for o in health.outputs]
        yield from _metric("output_" + _named(name, kind), kind, meaning, samples)


def _links(state: LinksState) -> Iterator[str]:
    for name, kind, meaning in (
        ("sent", "counter", "Batches published for a partner."),
        ("sent_rows", "counter", "Rows in them."),
        ("waiting", "gauge", "Batches that a partner has not acknowledged yet."),
        ("discarded", "counter", "Batches that waited too long for a partner, or had no room."),
        ("purged", "counter", "Batches that a suspension or an end has taken back."),
        ("held_back", "counter", "Batches that were not published because nothing flowed any more."),
        ("taken", "counter", "Batches taken of a partner."),
        ("rows", "counter", "Rows in them."),
        ("missing", "counter", "Batches that a partner declared gone."),
        ("deferred", "counter", "Times that a batch of a partner was left to come again."),
        ("lag_s", "gauge", "Seconds from a batch's sealing to its being taken."),
    ):
        samples = [({"partner": one.member}, getattr(one, name)) for one in state.links]
        yield from _metric("link_" + _named(name, kind), kind, meaning, samples)
    rejected: _Samples = [
        ({"partner": one.member, "reason": reason}, float(count))
        for one in state.links
        for reason, count in one.rejected.items()
    ]
    yield from _metric(
        "link_rejected_total", "counter", "Batches of a partner that were not taken.", rejected
    )
    quarantined: _Samples = [({"partner": one.member}, float(bool(one.quarantined))) for one in state.links]
    yield from _metric("link_quarantined", "gauge", "1 while nothing is taken of a partner.", quarantined)
    active: _Samples = [({"agreement": one.id}, float(one.state == "active")) for one in state.agreements]
    yield from _metric("agreement_active", "gauge", "1 while an agreement is active.", active)


def _registration(health: Health) -> Iterator[str]:
    known = [one for one in ((s.id, s.registration) for s in health.sensors) if one[1] is not None]
    for name, kind, meaning in (
        ("range_m", "gauge", "Range bias that a radar adds, metres."),
        ("range_sigma_m", "gauge", "Its standard deviation."),
        ("range_gain", "gauge", "Share of the range that a radar adds to it."),
        ("range_gain_sigma", "gauge", "Its standard deviation."),
        ("azimuth_deg", "gauge", "Azimuth bias that a radar adds, degrees."),
        ("azimuth_sigma_deg", "gauge", "Its standard deviation."),
        ("time_s", "gauge", "Time bias that a sensor adds to its stamps."),
        ("time_sigma_s", "gauge", "Its standard deviation."),
        ("used", "counter", "Straight flights that were compared with other sensors."),
        ("blamed", "counter", "Flights that did not fit because of this sensor."),
        ("restarts", "counter", "Times that a sensor had changed and was learnt anew."),
    ):
        samples = [({"sensor": id}, getattr(one, name)) for id, one in known]
        yield from _metric("sensor_bias_" + _named(name, kind), kind, meaning, samples)


def _named(name: str, kind: str) -> str:
    """Name as Prometheus wants it: base units spelt out, counters ending in _total."""
    return (
        name.removesuffix("_s")
        + ("_seconds" if name.endswith("_s") else "")
        + ("_total" if kind == "counter" else "")
    )
