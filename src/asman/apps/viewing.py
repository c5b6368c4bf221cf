"""What each partner sees of us, for the web side: views over what the release guard let go.

The process that releases holds them, hands every step's outcomes over, and answers on the bus.
"""

from collections.abc import Callable, Sequence

import msgspec

from asman.apps.partnered import rows_of
from asman.apps.reason import Outlet
from asman.edge import messages
from asman.edge.noun_messages import HeardAsk
from asman.edge.reasoning import STOPPED
from asman.edge.tables import pack_table
from asman.pipeline import views
from asman.sharing.guard import Outcome


class Viewing:
    """Holds the views, and answers questions about them."""

    def __init__(self, member: str, now_ns: Callable[[], int]) -> None:
        self._views = views.Views(member=member)
        self._now_ns = now_ns

    def take(self, outcomes: Sequence[Outcome], now_ns: int) -> None:
        """Go on by one step of releases; recipients to whom nothing flows any more are forgotten."""
        self._views = views.step(self._views, outcomes, now_ns)

    def forget(self, recipient: str) -> None:
        """A recipient may see nothing of us any more."""
        self._views = views.forget(self._views, recipient)

    def told(self, recipient: str, *, stopped: bool = False) -> bytes:
        """Return what a recipient sees, TRACKS as an Arrow stream; its metadata say if nothing may flow."""
        tracks = views.picture(self._views, recipient, self._now_ns())
        return pack_table(tracks.replace_schema_metadata(STOPPED) if stopped else tracks)

    def beside(self, question: HeardAsk) -> bytes:
        """Return what a recipient holds of us of a class other than tracks, as rows in JSON."""
        table = views.rows(self._views, question.member, question.what, self._now_ns())
        return msgspec.json.encode(rows_of(table, lambda number: number))

    async def answer(self, outlet: Outlet) -> None:
        """Answer what the web side asks, from now on."""

        async def told(recipient: bytes) -> bytes:
            return self.told(recipient.decode(errors="replace"))

        async def beside(octets: bytes) -> bytes:
            return self.beside(msgspec.json.decode(octets, type=HeardAsk))

        await outlet.answer(messages.VIEW, told)
        await outlet.answer(messages.VIEW_OF, beside)
