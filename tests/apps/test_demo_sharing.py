"""Members on one machine are joined as ministries would: every party signs, and only who agreed is linked."""

import time

import pytest

from asman.apps.agreement_files import read_agreement, read_statements
from asman.apps.demo_sharing import Joining, example
from asman.apps.home import Home
from asman.apps.node_toml import read
from asman.errors import InputError
from asman.sharing.register import standings


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("members")
    joining = Joining(made, ("KG", "RU", "KZ"), [example("kg-ru-2023"), example("ru-kz"), example("csto")])
    for member in ("KG", "RU", "KZ"):
        config = made / member / "node.toml"
        config.write_text(
            f'member = "{member}"\nsensors = "s"\n[[feed]]\nname = "a"\nurl = "udp://127.0.0.1:1"\n'
            + joining.toml(member)
        )
    return made


def test_who_agreed_is_linked_and_nobody_else(folder):
    linked = {member: sorted(Home(folder / member, member).links()) for member in ("KG", "RU", "KZ")}
    assert linked == {"KG": ["RU"], "RU": ["KG", "KZ"], "KZ": ["RU"]}


@pytest.mark.parametrize(
    ("member", "agreements"), [("KG", {"kg-ru-2023"}), ("RU", {"kg-ru-2023", "ru-kz"}), ("KZ", {"ru-kz"})]
)
def test_each_has_the_agreements_of_its_own_signed_by_all_and_active(folder, member, agreements):
    register, answers = Home(folder / member, member).read(time.time_ns())
    assert {id_: one.state for id_, one in standings(register, time.time_ns()).items()} == dict.fromkeys(
        agreements, "active"
    )
    assert len(answers) == 3 * len(agreements)  # the document and two signatures, all taken


def test_an_agreement_of_which_a_party_is_missing_is_left_out(folder):
    assert not list(folder.glob("*/agreements/csto.toml"))


def test_the_signatures_stand_beside_the_document_as_it_is_shipped(folder):
    copy = folder / "KG" / "agreements" / "kg-ru-2023.toml"
    assert copy.read_bytes() == example("kg-ru-2023").read_bytes()
    assert read_agreement(copy).agreement is not None
    assert [one.statement.member for one in read_statements(copy)] == ["KG", "RU"]


def test_each_listens_on_an_address_of_its_own_on_this_machine_alone(folder):
    listens = [read(folder / member / "node.toml").sharing.listen for member in ("KG", "RU", "KZ")]
    assert len(set(listens)) == 3
    assert all(one.startswith("127.0.0.1:") for one in listens)


def test_an_agreement_that_is_not_shipped_is_named():
    with pytest.raises(InputError, match="kg-kz"):
        example("kg-kz")
