"""What one partner passes on to us of others: each origin's batches in the order of its own numbers.

The partner's own stream carries them, so that pulling, cursor, acknowledgement and record are the partner's.
Here stands what is known of each origin, and what was taken or refused of it.
"""

from collections.abc import Callable, Mapping
from typing import Final

import pyarrow as pa

from asman.edge.border_store import BorderStore
from asman.edge.link_messages import RelayedState
from asman.edge.messages import Arrived
from asman.errors import FeedError
from asman.model.agreement import DataClass
from asman.model.contribution import source_name
from asman.model.label import agreements_of
from asman.sharing.deciding import subjects_of
from asman.sharing.gate import Inbox, Rejected, Rejection, compile_inbound, inspect, lift, unreadable
from asman.sharing.register import Register, standings
from asman.sharing.relay_gate import admit_relayed, origin_of, relayed_under
from asman.sharing.ruleset import Ruleset

#: Origins that are known of one relay; what comes of more is refused.
MOST_ORIGINS: Final = 64
#: Data class, payload, origin, label -> rows. Raises FeedError.
Decode = Callable[[DataClass, bytes, str, str], pa.Table]


class Relayed:
    """All that one partner passes on to us."""

    def __init__(
        self, relay: str, store: BorderStore, register: Callable[[], Register], decode: Decode
    ) -> None:  # fmt: skip
        #: Origin -> what is known of it; replaced, never changed.
        self.inboxes: Mapping[str, Inbox] = store.relayed(relay)
        self._relay = relay
        self._store = store
        self._register = register
        self._decode = decode
        self._counts: dict[str, tuple[int, int, int]] = {}
        self._rules: dict[str, tuple[Mapping[str, object], Ruleset]] = {}

    def take(self, octets: bytes, now_ns: int) -> Arrived | Rejection:
        """Judge one batch that the relay enclosed."""
        origin, register = origin_of(octets), self._register()
        known = self.inboxes.get(origin)
        if known is None and len(self.inboxes) >= MOST_ORIGINS:
            return Rejection.UNKNOWN_MEMBER
        before = known or Inbox(origin)
        inbox, got = admit_relayed(before, self._relay, octets, register, now_ns)
        if isinstance(got, Rejected):
            # Of what waits for its time nothing is remembered: it comes again.
            if got.reason is not Rejection.FROM_THE_FUTURE:
                self._keep(inbox)
            return got.reason
        header, label = got.header, got.header.label
        assert label is not None and header.what is not None
        try:
            table = self._decode(header.what, got.payload, origin, label.text)
        except FeedError:
            inbox, refused = unreadable(inbox, got)
        else:
            subjects = subjects_of(table, what=header.what)
            inbox, refused = inspect(inbox, got, subjects, self._given(register, origin), register)
        self._keep(inbox)
        if isinstance(refused, Rejected):
            return refused.reason
        batches, rows, _ = self._counts.get(origin, (0, 0, 0))
        self._counts[origin] = (batches + 1, rows + header.rows, header.sent_ns)
        return Arrived(
            origin=origin, via=self._relay, sequence=header.sequence, sent_ns=header.sent_ns,
            what=header.what, label=label.text, rows=header.rows, payload=got.payload,
        )  # fmt: skip

    def still(self, one: Arrived, now_ns: int) -> bool:
        """Tell whether a batch that was taken may still be shown: what let it come may have ended since."""
        register = self._register()
        may = relayed_under(register, standings(register, now_ns), one.origin, self._relay)
        return may.issuperset(agreements_of(one.label))

    def keep(self, before: Mapping[str, Inbox]) -> None:
        """Remember over a restart what is known of each origin that was heard of since. Raises OSError."""
        for origin, inbox in self.inboxes.items():
            if before.get(origin) != inbox:
                self._store.keep_relayed(self._relay, inbox)

    def refused_since(self, before: Mapping[str, Inbox]) -> dict[str, dict[str, int]]:
        """Name of a source -> name of a reason -> how many batches were refused for it since."""
        found: dict[str, dict[str, int]] = {}
        for origin, inbox in self.inboxes.items():
            old = before.get(origin, Inbox(origin)).rejected
            counts = {one.name: count - old.get(one, 0) for one, count in inbox.rejected.items()}
            counts = {name: count for name, count in counts.items() if count}
            if counts:
                found[source_name(origin or "?", self._relay)] = counts
        return found

    def lift(self, origin: str = "") -> bool:
        """End the quarantine of an origin, of all without one; whether any was in it."""
        held = [
            one for one in self.inboxes.values()
            if one.quarantined is not None and origin in ("", one.origin)
        ]  # fmt: skip
        for inbox in held:
            self._keep(lift(inbox))
            self._store.keep_relayed(self._relay, self.inboxes[inbox.origin])
        return bool(held)

    def states(self) -> list[RelayedState]:
        """How it is now, by origin."""
        return [
            RelayedState(
                origin=origin or "?", taken=inbox.taken, rows=self._counts.get(origin, (0, 0, 0))[1],
                missing=inbox.missing, rejected={one.name: n for one, n in inbox.rejected.items()},
                quarantined=inbox.quarantined.value if inbox.quarantined else "",
                last_s=self._counts[origin][2] / 1e9 if origin in self._counts else None,
            )
            for origin, inbox in sorted(self.inboxes.items())
        ]  # fmt: skip

    def _keep(self, inbox: Inbox) -> None:
        self.inboxes = {**self.inboxes, inbox.origin: inbox}

    def _given(self, register: Register, origin: str) -> Ruleset:
        """What the origin gives the relay and lets it pass on to us."""
        known = self._rules.get(origin)
        if known is None or known[0] is not register.entries:
            made = compile_inbound(register, origin, self._relay)
            known = self._rules[origin] = (register.entries, made)
        return known[1]
