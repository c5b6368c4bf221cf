"""Views: the picture as one recipient may see it of us, a closed world over what was released to it.

    views = step(views, outcomes, now_ns)             # what the release guard let go, and nothing else
    tracks = picture(views, "RU", now_ns)             # TRACKS, as RU's node would make it of our batches
    table = rows(views, "RU", "warnings", now_ns)     # what RU's node would hold beside them

A view has a state, numbers and a pace of its own: it goes on at every step, empty or not. It is a fold over
the released rows in the order of their own content, so that its output depends on nothing else: two worlds
that differ in what a recipient may not have give the same bits. When an agreement ends, the view forgets.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec
import pyarrow as pa

from asman.fusion import joint, joint_picture, joint_state
from asman.fusion.intake import Told
from asman.fusion.joint_state import JointState
from asman.model.agreement import DataClass
from asman.model.tracks import TRACKS
from asman.pipeline import heard
from asman.pipeline.heard import Heard
from asman.sharing.guard import Outcome, Released

#: Recipients that a node keeps views of.
MOST_VIEWS: Final = 64


class Views(msgspec.Struct, frozen=True, kw_only=True):
    """What was released to each recipient, as it would see it.

    member  who releases
    worlds  recipient -> its closed world
    beside  by recipient, what it would hold beside tracks
    """

    member: str
    worlds: Mapping[str, JointState] = {}
    beside: Heard = Heard()


def step(views: Views, outcomes: Iterable[Outcome], now_ns: int) -> Views:
    """Take one step's outcomes: every recipient's view goes on, whether anything left for it or not."""
    worlds, beside = dict(views.worlds), views.beside
    by: dict[str, list[Released]] = {}
    for outcome in outcomes:
        by.setdefault(outcome.recipient, []).extend(outcome.released)
    for recipient, released in by.items():
        world = worlds.get(recipient)
        if world is None:
            if len(worlds) >= MOST_VIEWS:
                continue
            world = joint_state.start(recipient)
        told = [Told(views.member, one.table) for one in released if one.what == "tracks"]
        worlds[recipient] = joint.step(world, told, now_ns)
        for one in released:
            beside = heard.take(beside, recipient, one.what, one.table, now_ns)
    return Views(member=views.member, worlds=worlds, beside=heard.tidied(beside, now_ns))


def forget(views: Views, recipient: str) -> Views:
    """A recipient may see nothing of us any more: its view begins anew, if ever."""
    worlds = {name: world for name, world in views.worlds.items() if name != recipient}
    return Views(member=views.member, worlds=worlds, beside=heard.without(views.beside, recipient))


def picture(views: Views, recipient: str, now_ns: int) -> pa.Table:
    """TRACKS as the recipient sees them; none where nothing was ever released to it.

    Track numbers are the recipient's own, labels say under which agreement each row left.
    """
    world = views.worlds.get(recipient)
    return TRACKS.empty_table() if world is None else joint_picture.picture(world, max(now_ns, world.now_ns))


def rows(views: Views, recipient: str, what: DataClass, now_ns: int) -> pa.Table:
    """What a recipient holds of us of a class other than tracks, as of `now_ns`."""
    return heard.rows(heard.tidied(views.beside, now_ns), recipient, what)
