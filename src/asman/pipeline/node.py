"""One node's whole reasoning as a pure step: datagrams in, picture and events out.

    state, events = step(state, Inputs(datagrams), now_ns)
    frame = stream.encode_picture(picture(state), state.now_ns / 1e9)

The same datagrams and the same instants give the same bits. A state that was handed to `step` is spent,
because the tracker works in its own arrays; `copy` gives a checkpoint that stays.
"""

from collections.abc import Collection, Mapping, Sequence
from functools import partial

import msgspec
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman import tracking
from asman.model.contribution import Contribution, Offer, parted
from asman.model.datagram import Datagram
from asman.model.decoded import Decoded
from asman.model.explanation import Explanation
from asman.model.handover import HandoverTerm
from asman.model.registration import Registered
from asman.model.sensor import Sensors
from asman.pipeline import heard as hearing
from asman.pipeline import joint, offering, receivers, saying, tasking, trails
from asman.pipeline.batch import Batch, frame_of, gather, trace
from asman.pipeline.contributing import contribution
from asman.pipeline.editions import Editions, pins, weigh
from asman.pipeline.editions import watch as watch_editions
from asman.pipeline.events import (
    BlocksRejected,
    EditionDoubted,
    EditionFits,
    EditionSettled,
    Event,
    Events,
    SensorsMet,
)
from asman.pipeline.evidence import Evidence, remember, traced
from asman.pipeline.health import FeedCount
from asman.pipeline.heard import Heard
from asman.pipeline.lag import Lag, frontier_ns, measure
from asman.pipeline.offering import Offering
from asman.pipeline.picture import picture as picture_of
from asman.pipeline.receivers import Ears
from asman.pipeline.watch import Watch, look
from asman.sensing.plots import extract
from asman.sensing.sensors_toml import pinned
from asman.sensing.timeline import TimelineState
from asman.units import SECOND_NS
from asman.wire.asterix.decode import decode
from asman.wire.stream import Picture, Trails


class Inputs(msgspec.Struct, frozen=True):
    """What reaches the reasoning in one step.

    datagrams  in order of arrival
    sensors    sensors that are new, or known better than before
    contributions  of partners, in order of arrival
    left       partners whose contributions may not be shown any more, what came before included
    ended      (partner, agreements): only what came under these may not be shown any more
               Both name what a relay passed on as `source_name` does: "KG via RU"
    """

    datagrams: tuple[Datagram, ...] = ()
    sensors: Sensors = ()
    contributions: tuple[Contribution, ...] = ()
    left: tuple[str, ...] = ()
    ended: tuple[tuple[str, tuple[str, ...]], ...] = ()


class NodeState(msgspec.Struct, frozen=True, kw_only=True):
    """All that a node knows between two steps.

    member    whose node it is
    members   whose tracks there may be: its own first, partners in the order they were met
    now_ns    ns  time of the picture, UTC
    tracker   tracks
    timeline  the sensors' clocks
    editions  which edition each category is read with
    late      how late plots come
    watch     how sensors do, and who is unknown
    feeds     how feeds do
    ring      where tracks were
    evidence  the latest plots of each track
    ears      feeds of Mode S, and what was heard over each
    federation  the joint picture; None: this node has heard of no partner
    offering  what partners may be given beside tracks
    heard     what partners gave beside tracks
    """

    member: str
    members: tuple[str, ...] = ()
    now_ns: int
    tracker: tracking.Tracker
    timeline: TimelineState = TimelineState()
    editions: Editions = {}
    late: Lag = Lag()
    watch: Watch = Watch()
    feeds: dict[str, FeedCount] = {}
    ring: trails.Ring = ()
    evidence: Evidence = ()
    ears: Ears = {}
    federation: joint.Federation | None = None
    offering: Offering = Offering()
    heard: Heard = Heard()

    @property
    def sensors(self) -> Sensors:
        """All sensors, in the order of their index."""
        return self.tracker.sensors


def start(
    member: str,
    sensors: Sensors,
    now_ns: int,
    editions: Editions | None = None,
    forms: Mapping[str, str] | None = None,
    *,
    federated: bool = False,
    partners: Sequence[str] = (),
) -> NodeState:
    """Return the state of a node that has heard nothing yet.

    editions, forms   known beforehand: of ASTERIX, and of the feeds that bring Mode S
    federated         it has partners; else it becomes so when the first contribution comes
    partners          members that it is linked with; others are met when their first contribution comes
    """
    tracker = tracking.start(sensors, origin=member)
    return NodeState(
        member=member,
        members=(member, *partners),
        now_ns=now_ns,
        tracker=tracker,
        editions=editions or {},
        ears=receivers.begin(forms or {}, sensors),
        federation=joint.start(member) if federated or partners else None,
    )


def copy(state: NodeState) -> NodeState:
    """Return a checkpoint that no later step changes."""
    return msgspec.structs.replace(
        state,
        tracker=tracking.copy(state.tracker),
        ears=receivers.copy(state.ears),
        federation=None if state.federation is None else joint.copy(state.federation),
    )


def step(state: NodeState, inputs: Inputs, now_ns: int) -> tuple[NodeState, Events]:
    """Reason about what arrived until `now_ns`, which is not before the state's own time."""
    events: list[Event] = []
    known = len(state.sensors)
    tracker = tracking.with_sensors(state.tracker, inputs.sensors) if inputs.sensors else state.tracker
    heard = receivers.hear(state.ears, inputs.datagrams, tracker.sensors)
    tracker = tracking.with_sensors(tracker, heard.met) if heard.met else tracker
    batch = gather(heard.others)
    configured = pinned(tracker.sensors)
    editions = weigh(state.editions, batch.octets, batch.frames, configured)
    decoded = decode(batch.octets, batch.frames, editions=pins(editions, configured))
    editions = watch_editions(editions, decoded)
    events += _told_editions(state.editions, editions)
    extracted, timeline = extract(decoded, tracker.sensors, state.timeline, recording="")
    late = measure(state.late, batch, extracted.plots, (now_ns - state.now_ns) / SECOND_NS)
    plots, services = trace(batch, extracted.plots), trace(batch, extracted.services)
    plots, extracted = receivers.joined(heard, plots, extracted)
    tracker = tracking.advance(tracker, plots, frontier_ns(late, now_ns), updates=True)
    evidence = remember(state.evidence, tracking.updates(tracker), plots)
    if len(tracker.sensors) > known:
        events.append(SensorsMet(tracker.sensors))
    watch, seen = look(
        state.watch,
        tracker.sensors,
        decoded,
        extracted,
        services,
        now_ns,
        (now_ns - state.now_ns) / SECOND_NS,
    )
    events += seen
    feeds, rejected = _feeds(state.feeds, batch, decoded)
    feeds, damaged = receivers.counted(feeds, heard)
    events += rejected + damaged
    state = msgspec.structs.replace(
        state,
        now_ns=now_ns,
        tracker=tracker,
        timeline=timeline,
        editions=editions,
        late=late,
        watch=watch,
        feeds=feeds,
        evidence=evidence,
        ears=heard.ears,
        federation=_federated(state, tracker, inputs, now_ns),
        offering=offering.go_on(state.offering, tracker, plots, watch, now_ns, *_told(state.federation)),
        heard=_heard(state.heard, inputs, now_ns),
        members=tuple(dict.fromkeys((*state.members, *(one.origin for one in inputs.contributions)))),
    )
    state = _settled_tasks(state)
    if trails.due(state.ring, now_ns):
        state = msgspec.structs.replace(state, ring=trails.remember(state.ring, picture(state), now_ns))
    return state, tuple(events)


def _federated(
    state: NodeState, tracker: tracking.Tracker, inputs: Inputs, now_ns: int
) -> joint.Federation | None:
    """The joint picture after a step; a node that never heard of a partner has none."""
    federation = state.federation
    if federation is None:
        if not inputs.contributions:
            return None
        federation = joint.start(state.member)
    # Where one agreement of several ended, what the others give comes back within a second.
    for member in (*inputs.left, *(member for member, _ in inputs.ended)):
        origin, via = parted(member)
        federation = joint.without(federation, origin, now_ns, via)
    return joint.step(federation, tracker, inputs.contributions, now_ns)


def _settled_tasks(state: NodeState) -> NodeState:
    """What partners answered to our people's proposals takes effect, and what nobody answered."""
    federation, dialogues = state.federation, state.offering.dialogues
    if federation is None or not (dialogues.spoken or dialogues.terms):
        return state
    numbers = partial(joint.numbers_of, federation)
    dialogues, handed = tasking.settled(dialogues, state.heard, numbers, state.now_ns)
    dialogues, ours = tasking.transferred(dialogues, state.heard, numbers, state.now_ns)
    for number, member in (*handed, *((one, state.member) for one in ours)):
        federation = joint.handed(federation, number, member) or federation
    kept = msgspec.structs.replace(state.offering, dialogues=dialogues)
    return msgspec.structs.replace(state, federation=federation, offering=kept)


def _told(federation: joint.Federation | None) -> tuple[Collection[int] | None, pa.Table | None]:
    """Numbers of the joint tracks, and what the node told last of its own; of a node alone neither."""
    if federation is None:
        return None, None
    own = None if federation.own is None else federation.own.table
    return federation.picture.joints.number.tolist(), own


def _heard(heard: Heard, inputs: Inputs, now_ns: int) -> Heard:
    """What partners gave beside tracks, after a step."""
    for member in inputs.left:
        heard = hearing.without(heard, member)
    for member, agreements in inputs.ended:
        heard = hearing.without(heard, member, agreements)
    for one in inputs.contributions:
        if one.what is not None and one.table is not None:
            heard = hearing.take(heard, one.source, one.what, one.table, now_ns)
    return hearing.tidied(heard, now_ns) if heard.by else heard


def _told_editions(before: Editions, now: Editions) -> list[Event]:
    """What is to be said of editions after a step."""
    events: list[Event] = []
    for name, one in now.items():
        former = before.get(name)
        if former is one:
            continue
        if one.settled and not (former and former.settled):
            others = [
                f"{edition} {share:.0%}" for edition, share in one.scores.items() if edition != one.edition
            ]
            said = ", ".join(others)
            events.append(EditionSettled(name, one.edition, one.records, one.plausible, said))
        elif former and one.doubt and not former.doubt:
            events.append(EditionDoubted(name, one.edition, one.doubt))
        elif former and former.doubt and not one.doubt:
            events.append(EditionFits(name, one.edition))
    return events


def _feeds(
    before: dict[str, FeedCount], batch: Batch, decoded: Decoded
) -> tuple[dict[str, FeedCount], list[Event]]:
    """Count what came over each feed, and what of it could not be read."""
    counts, events = dict(before), list[Event]()
    offset = decoded.rejected["offset"].to_numpy()
    frame = frame_of(batch, offset)
    for index, name in enumerate(batch.feeds):
        mine = batch.feed == index
        bad: NDArray[np.int64] = np.flatnonzero(mine[frame]) if len(frame) else np.empty(0, np.int64)
        old = counts.get(name, FeedCount())
        counts[name] = FeedCount(
            datagrams=old.datagrams + int(mine.sum()),
            octets=old.octets + int(batch.frames.length[mine].sum()),
            rejected=old.rejected + len(bad),
            last_ns=int(batch.frames.time_ns[mine].max()),
        )
        if len(bad):
            first = int(bad[0])
            at = int(batch.origin[frame[first]] + offset[first] - batch.frames.start[frame[first]])
            reason = str(decoded.rejected["reason"][first].as_py())
            events.append(BlocksRejected(name, len(bad), at, reason))
    return counts, events


def own_track(state: NodeState, track: int) -> int:
    """Our own tracker's number of a track of the picture; the same number where we have no part in it."""
    return track if state.federation is None else joint.own_track(state.federation, track)


def explain(state: NodeState, track: int, begin_ns: int, end_ns: int) -> Explanation:
    """Return why a track is what it is, from what is kept; `reach_s` of the answer says how far that goes."""
    track = own_track(state, track)
    told = tracking.explain(state.tracker, track, begin_ns, end_ns)
    return traced(told, [heard.plots for heard in state.evidence], state.sensors)


def tracks(state: NodeState, *, confirmed_only: bool = False) -> pa.Table:
    """Return the picture as TRACKS, at the state's time; with partners it is the joint picture."""
    if state.federation is None:
        return tracking.picture(state.tracker, state.now_ns, confirmed_only=confirmed_only)
    shown = joint.picture(state.federation, state.now_ns)
    if confirmed_only:
        return shown
    own = tracking.picture(state.tracker, state.now_ns)
    return pa.concat_tables([shown, own.filter(pa.array(~own["confirmed"].to_numpy()))])


def own_tracks(state: NodeState) -> pa.Table:
    """Return the confirmed tracks of our own sensors alone: all that a member may give to others."""
    if state.federation is not None and state.federation.own is not None:
        return state.federation.own.table
    return contribution(None, state.tracker, joint.told_at_ns(state.tracker, state.now_ns)).table


def offers(state: NodeState) -> tuple[NodeState, tuple[Offer, ...]]:
    """Return all that may be put before the release guard now, tracks first; plots are offered once."""
    own = own_tracks(state)
    held = {own_track(state, number): one for number, one in saying.held(state.offering.sayings).items()}
    after, found = offering.taken(
        state.offering, state.tracker, own, held, state.watch, state.now_ns, lambda one: own_track(state, one)
    )
    return msgspec.structs.replace(state, offering=after), found


def held_of_partners(state: NodeState) -> dict[str, dict[int, tuple[str, str]]]:
    """What our people hold partners' tracks to be: partner -> its own number -> identity and category."""
    said = saying.held(state.offering.sayings)
    if state.federation is None or not said:
        return {}
    found: dict[str, dict[int, tuple[str, str]]] = {}
    for member in state.members[1:]:
        for theirs, number in joint.numbers_of(state.federation, member).items():
            one = said.get(own_track(state, number)) or said.get(number)
            if one is not None:
                found.setdefault(member, {})[theirs] = one
    return found


def agreed(state: NodeState, terms: tuple[HandoverTerm, ...]) -> NodeState:
    """Hold to what agreements say of handovers now."""
    if terms == state.offering.dialogues.terms:
        return state
    dialogues = msgspec.structs.replace(state.offering.dialogues, terms=terms)
    return msgspec.structs.replace(
        state, offering=msgspec.structs.replace(state.offering, dialogues=dialogues)
    )


def registration(state: NodeState) -> tuple[Registered, ...]:
    """What is known of each sensor's systematic errors, in the order of the sensors."""
    return tracking.registration(state.tracker)


def picture(state: NodeState) -> Picture:
    """Return the confirmed tracks as the columns of the stream, at the state's time."""
    return picture_of(tracks(state, confirmed_only=True), state.sensors, state.now_ns, state.members)


def trails_of(state: NodeState) -> Trails:
    """Return where the confirmed tracks were."""
    return trails.trails(state.ring, picture(state).track, state.now_ns)
