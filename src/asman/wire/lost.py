"""A piece of a recording that holds nothing that is read."""

from typing import NamedTuple


class Lost(NamedTuple):
    """A piece of a recording that holds neither ASTERIX nor Mode S: first octet, octets, why."""

    offset: int
    length: int
    reason: str
