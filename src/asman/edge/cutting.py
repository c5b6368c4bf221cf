"""Cut a stream of ASTERIX where its data blocks end, so that each datagram holds whole blocks.

TCP keeps no boundaries. A stream is ASTERIX when its first octet is a category that there is; Mode S begins
with none of those, and is handed on as it comes, because its receiver's memory puts cut messages together.
"""

from asman.wire.asterix.specification import specifications

#: Category and length.
_HEADER = 3


class Cutter:
    """Holds what is not a whole block yet, of one connection; `skipped` counts octets that were none."""

    def __init__(self) -> None:
        self.skipped = 0
        self._rest = b""
        self._asterix: bool | None = None

    def take(self, octets: bytes) -> bytes:
        """Return the whole blocks that have come; all octets where the stream is not ASTERIX."""
        if self._asterix is None:
            self._asterix = octets[0] in specifications().categories
        if not self._asterix:
            return octets
        octets = self._rest + octets
        whole: list[bytes] = []
        at = 0
        while at + _HEADER <= len(octets):
            size = int.from_bytes(octets[at + 1 : at + 3], "big")
            if not octets[at] or size <= _HEADER:
                after = self._next(octets, at + 1)
                self.skipped += after - at
                at = after
                continue
            if at + size > len(octets):
                break
            whole.append(octets[at : at + size])
            at += size
        self._rest = octets[at:]
        return b"".join(whole)

    @property
    def waiting(self) -> int:
        """Octets that are not a whole block yet; fewer than 65,536."""
        return len(self._rest)

    def _next(self, octets: bytes, at: int) -> int:
        """The next octet at which a block of a category that there is may begin."""
        known = specifications().categories
        while at + _HEADER <= len(octets):
            if octets[at] in known and int.from_bytes(octets[at + 1 : at + 3], "big") > _HEADER:
                return at
            at += 1
        return at
