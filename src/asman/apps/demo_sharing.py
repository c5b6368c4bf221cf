"""Joining members on this machine as ministries would: keys, signed agreements, a file each way.

For demonstrations: everything is made anew in a folder that its owner removes.
"""

import datetime
import itertools
import shutil
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from asman.apps import linking, node_init
from asman.apps.agreement_files import append_statement, read_agreement
from asman.apps.home import Home
from asman.edge.invitation import spoken
from asman.errors import InputError
from asman.model.agreement import Agreement
from asman.sharing import keys
from asman.sharing.canonical import agreement_hash
from asman.sharing.statements import Statement, sign

#: Where the examples lie: beside this module in an installed package, in the project's own folder otherwise.
_PLACES: Final = (
    Path(__file__).parent / "agreements",
    Path(__file__).resolve().parents[3] / "examples" / "agreements",
)
_VALID_DAYS: Final = 1


def example(name: str) -> Path:
    """Return an agreement that is shipped as an example. Raises InputError."""
    for place in _PLACES:
        if (place / f"{name}.toml").is_file():
            return place / f"{name}.toml"
    raise InputError(name, "is no agreement that is shipped", "Reinstall asman.")


class Joining:
    """Members' folders, and what was agreed between them."""

    def __init__(self, folder: Path, members: Sequence[str], agreements: Sequence[Path]) -> None:
        """Make them, one below `folder` each; a document counts where all its parties are members."""
        self._folder = folder
        self._addresses = {
            member: f"127.0.0.1:{port}"
            for member, port in zip(members, free_tcp_ports(len(members)), strict=True)
        }
        for member, address in self._addresses.items():
            node_init.make(member, str(folder / member), address, 8600)
        documents = [(path, _read(path)) for path in agreements]
        signed = [(path, one) for path, one in documents if set(one.parties) <= set(members)]
        linked: set[tuple[str, str]] = set()
        for _, agreement in signed:
            linked.update(itertools.combinations(sorted(agreement.parties), 2))
        for one, other in sorted(linked):
            self._link(one, other)
        for path, agreement in signed:
            self._sign(path, agreement)

    def toml(self, member: str) -> str:
        """What a member's node.toml says of sharing."""
        address = self._addresses[member]
        return f'\n[sharing]\naddress = "{address}"\nlisten = "{address}"\n'

    def _home(self, member: str) -> Home:
        return Home(self._folder / member, member)

    def _link(self, one: str, other: str) -> None:
        """An invitation one way, an answer the other, each compared by its fingerprint."""
        homes = {member: linking.home_of(self._folder / member / "node.toml") for member in (one, other)}
        invitation, answer = (self._folder / f"{one}-{other}.{kind}" for kind in ("invitation", "answer"))
        (home, sharing), (their_home, their_sharing) = homes[one], homes[other]
        linking.invite(home, sharing, other, invitation, _VALID_DAYS)
        linking.accept(their_home, their_sharing, invitation, answer, _fingerprint(home))
        linking.accept(home, sharing, answer, None, _fingerprint(their_home))

    def _sign(self, document: Path, agreement: Agreement) -> None:
        """Every party signs; each gets the document with all signatures."""
        name = agreement_hash(agreement)
        at = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
        signed = [
            sign(
                Statement(agreement=name, member=member, act="ratify", number=1, at=at),
                self._home(member).signing_key(),
            )
            for member in agreement.parties
        ]
        for member in agreement.parties:
            agreements = self._folder / member / "agreements"
            shutil.copytree(document.parent / "volumes", agreements / "volumes", dirs_exist_ok=True)
            copy = Path(shutil.copy(document, agreements))
            for one in signed:
                append_statement(copy, one)


def _read(path: Path) -> Agreement:
    checked = read_agreement(path)
    if checked.agreement is None:
        raise InputError(str(path), "has errors", f"Run `asman agreement check {path}`.")
    return checked.agreement


def _fingerprint(home: Home) -> str:
    return spoken(keys.public_of(home.signing_key()).hex())


def free_tcp_ports(count: int) -> list[int]:
    """Return so many different TCP ports that are free on loopback."""
    with ExitStack() as held:
        sockets = [
            held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM)) for _ in range(count)
        ]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]
