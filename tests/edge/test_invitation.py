"""Files that join members: what is accepted, and every bad one refused with a reason."""

import datetime
import json
import stat

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from asman.apps.node import command as node
from asman.edge import certificates, nkeys
from asman.edge.invitation import Invitation, open_file, seal, spoken
from asman.errors import InputError
from asman.sharing import keys

NOW = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
KEY = Ed25519PrivateKey.from_private_bytes(bytes([7]) * 32)
AUTHORITY, AUTHORITY_KEY = certificates.make_authority("KG", NOW)


def invitation(**changes) -> Invitation:
    user = nkeys.derive(bytes(32), "user", "x").public
    plain = {
        "origin": "KG", "recipient": "RU", "address": "kg.example:7422", "authority": AUTHORITY.decode(),
        "key": keys.public_of(KEY).hex(), "asks_as": user, "pulls_as": user, "made": NOW,
        "expires": NOW + datetime.timedelta(days=14), "nonce": "00",
    }  # fmt: skip
    return Invitation(**{**plain, **changes})


def opened(octets: bytes, member="RU", now=NOW) -> Invitation:
    return open_file(octets, "the file", member, now)


def test_an_invitation_comes_through_as_it_was_written():
    assert opened(seal(invitation(), KEY)) == invitation()


NODE = certificates.make_node(AUTHORITY, AUTHORITY_KEY, "KG", ("kg.example",), NOW)[0].decode()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recipient": "KZ"}, "for KZ, not for RU"),
        ({"origin": "RU"}, "is our own"),
        ({"origin": "kg"}, "no member"),
        ({"expires": NOW}, "expired"),
        ({"made": NOW + datetime.timedelta(hours=1)}, "made in the future"),
        ({"address": "kg.example"}, "host:port"),
        ({"address": "kg example:99999"}, "host:port"),
        ({"asks_as": "UABC"}, "nkeys that are none"),
        ({"pulls_as": nkeys.derive(bytes(32), "account", "x").public}, "nkeys that are none"),
        ({"authority": "no certificate"}, "cannot be read"),
        ({"authority": NODE}, "not of an authority"),
        ({"answers": "00"}, "nothing to knock with"),
    ],
)
def test_a_bad_file_is_refused_with_its_reason(changes, said):
    with pytest.raises(InputError, match=said):
        opened(seal(invitation(**changes), KEY))


def test_a_file_signed_by_another_key_than_the_one_in_it_is_refused():
    with pytest.raises(InputError, match="not signed by the key in it"):
        opened(seal(invitation(), Ed25519PrivateKey.from_private_bytes(bytes([8]) * 32)))


@settings(max_examples=60)
@given(st.data())
def test_no_altered_octet_goes_unseen(data):
    octets = seal(invitation(), KEY)
    at = data.draw(st.integers(0, len(octets) - 1))
    bent = bytearray(octets)
    bent[at] = data.draw(st.integers(0, 255))
    try:
        got = opened(bytes(bent))
    except InputError:
        return
    assert got == invitation(), "only blanks between words, and the case of digits, may change"


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else_happens(octets):
    with pytest.raises(InputError):
        opened(octets)


def test_a_file_that_is_too_long_or_has_unknown_words_is_refused():
    with pytest.raises(InputError, match="octets"):
        opened(b" " * 70_000)
    plain = json.loads(seal(invitation(), KEY))
    plain["invitation"]["more"] = 1
    with pytest.raises(InputError, match="no file of `asman link`"):
        opened(msgspec.json.encode(plain))


def test_a_key_is_read_out_in_groups_of_four():
    assert spoken(keys.public_of(KEY).hex()).replace(" ", "") == keys.fingerprint(keys.public_of(KEY))


def test_nkeys_are_spelt_as_nats_spells_them():
    account = nkeys.derive(bytes(32), "account", "x")
    assert account.public.startswith("A") and len(account.public) == 56
    assert account.seed.startswith("SA") and nkeys.derive(bytes(32), "user").seed.startswith("SU")
    assert nkeys.is_public(account.public, "account") and not nkeys.is_public(account.public, "user")
    wrong = account.public[:-1] + ("A" if account.public[-1] != "A" else "B")
    assert not nkeys.is_public(wrong, "account")


def test_init_makes_a_folder_that_nobody_else_reads_and_never_overwrites_one(tmp_path):
    folder = tmp_path / "KG"
    done = CliRunner().invoke(node, ["init", "KG", "-o", str(folder)])
    assert done.exit_code == 0, done.output
    for path in (folder / "keys").iterdir():
        private = path.suffix in (".key", ".seed")
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0 or not private, path
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    again = CliRunner().invoke(node, ["init", "KG", "-o", str(folder)])
    assert isinstance(again.exception, InputError) and "not empty" in str(again.exception)
    assert before == {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("words", [["kg"], ["KGRU"], ["KG", "--address", "nowhere"]])
def test_init_refuses_what_is_no_member_or_address(tmp_path, words):
    done = CliRunner().invoke(node, ["init", *words, "-o", str(tmp_path / "x")])
    assert isinstance(done.exception, InputError)
    assert not (tmp_path / "x").exists()
