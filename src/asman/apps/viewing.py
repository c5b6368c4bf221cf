"""What each partner sees of us, for the web side: views over what the release guard let go.

The process that releases holds them, hands every step's outcomes over, and answers on the bus.
"""

from collections.abc import Callable, Sequence

from asman.apps.reason import Outlet, ipc
from asman.edge import messages
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

    def told(self, recipient: str) -> bytes:
        """Return what a recipient sees, TRACKS as an Arrow stream."""
        return ipc(views.picture(self._views, recipient, self._now_ns()))

    async def answer(self, outlet: Outlet) -> None:
        """Answer what the web side asks, from now on."""

        async def told(recipient: bytes) -> bytes:
            return self.told(recipient.decode(errors="replace"))

        await outlet.answer(messages.VIEW, told)
