"""`[[output]]` of node.toml: which forms go where (docs/reference/node-toml.md)."""

from typing import Final

import msgspec

from asman.apps.sending import Destination, destination
from asman.edge.outlets import Place, place
from asman.errors import ConfigError, nearest

#: kind -> schemes that it may leave by
KINDS: Final = {
    "cat062": ("udp", "tcp", "tcp-listen"),
    "cot": ("udp", "tcp", "tcp-listen"),
    "tak": ("udp", "tcp", "tcp-listen"),
    "sbs": ("tcp", "tcp-listen"),
    "geojson": ("file",),
}
#: Editions of CAT062 that hold all that is written.
EDITIONS: Final = ("1.18", "1.19", "1.20", "1.21")


class OutputConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One `[[output]]`: what the member sends to its own recipients.

    kind         cat062, cot, tak, sbs or geojson
    url          udp://, tcp://, tcp-listen:// or file:// (docs/reference/node-toml.md)
    period_s     s   wall clock between two pictures
    source       cat062: SAC/SIC of this system; service: which of its services
    edition      cat062: edition of CAT062
    unconfirmed  tentative tracks, too
    view         a partner: not our picture goes out, but what was released to that member; empty: our own
    simulated    sbs: simulated tracks, too, though the form has no word for that
    """

    name: str
    kind: str
    url: str
    period_s: float = 4.0
    source: str = "0/0"
    service: int = 1
    edition: str = "1.18"
    unconfirmed: bool = False
    simulated: bool = False
    view: str = ""


def check_output(config: OutputConfig, item: str, member: str = "", *, shares: bool = True) -> None:
    """Refuse what cannot be sent. Raises ConfigError that names `item` and the key.

    member, shares  whose node it is, and whether it has partners at all
    """
    if config.view:
        _check_view(config.view, f"{item}.view", member, shares=shares)
    if config.kind not in KINDS:
        raise ConfigError(f"{item}.kind", f"there is no '{config.kind}'", nearest(config.kind, list(KINDS)))
    where = leads_to(config, f"{item}.url")
    scheme = "udp" if isinstance(where, Destination) else where.scheme
    if scheme not in KINDS[config.kind]:
        known = ", ".join(f"{one}://" for one in KINDS[config.kind])
        raise ConfigError(f"{item}.url", f"{config.kind} does not leave by {scheme}://", f"Known: {known}")
    if not 0.25 <= config.period_s <= 3600:
        raise ConfigError(f"{item}.period_s", f"needs 0.25 to 3600 s, not {config.period_s}")
    if not 0 <= config.service <= 255:
        raise ConfigError(f"{item}.service", f"needs 0 to 255, not {config.service}")
    sac, slash, sic = config.source.partition("/")
    if not (slash and sac.isdecimal() and sic.isdecimal() and int(sac) < 256 and int(sic) < 256):
        raise ConfigError(f"{item}.source", f"'{config.source}' is not SAC/SIC, each 0 to 255")
    if config.edition not in EDITIONS:
        raise ConfigError(
            f"{item}.edition", f"CAT062 is not written as {config.edition}", nearest(config.edition, EDITIONS)
        )


def _check_view(view: str, item: str, member: str, *, shares: bool) -> None:
    if not (view.isascii() and view.isalpha() and view.isupper() and 2 <= len(view) <= 3):
        raise ConfigError(item, f"'{view}' is no member", "Use its two or three capital letters, e.g. RU.")
    if view == member:
        raise ConfigError(item, f"{view} is this node's own member", "Leave `view` out for its own picture.")
    if not shares:
        raise ConfigError(item, "the node shares nothing: nobody is given anything", "Add [sharing].")


def leads_to(config: OutputConfig, item: str) -> Destination | Place:
    """Where an output goes. Raises ConfigError."""
    return destination(config.url, item) if config.url.startswith("udp:") else place(config.url, item)
