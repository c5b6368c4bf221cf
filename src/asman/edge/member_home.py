"""What the links of a member need of the place where it keeps its agreements, keys and links."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from asman.edge.invitation import Link
from asman.edge.signing import KeyHome
from asman.sharing.register import Refused, Register, Taken
from asman.sharing.statements import Signed


class Home(KeyHome, Protocol):
    """Where a member keeps its agreements, keys and links."""

    def changed(self) -> bool:
        """Tell whether anything on disk is not as it was when `read` was called last."""
        ...

    def read(self, now_ns: int) -> tuple[Register, tuple[Taken | Refused, ...]]:
        """Read agreements, statements and public keys; and what of it was taken or refused."""
        ...

    def append(self, agreement: str, signed: Signed) -> None:
        """Keep a statement beside its agreement."""
        ...

    def links(self) -> Mapping[str, Link]:
        """Partners that were accepted."""
        ...

    def authority(self, member: str) -> Path:
        """File of a partner's authority."""
        ...

    def keep_pass(self, member: str, door_pass: str) -> None:
        """Keep what a partner gave us to knock at its door."""
        ...
