import zlib
from importlib.resources import files
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest

from asman.kernels.asterix_gather import COLUMN
from asman.wire.asterix.layout import layout
from asman.wire.asterix.specification import FILE, specifications

ROOT = Path(__file__).resolve().parent.parent.parent
EDITIONS = [
    (category, one.edition) for category, all_of in specifications().categories.items() for one in all_of
]


@pytest.fixture(scope="module")
def compiler() -> ModuleType:
    found = spec_from_file_location("compile_asterix", ROOT / "tools" / "compile_asterix.py")
    assert found is not None
    module = module_from_spec(found)
    found.loader.exec_module(module)
    return module


def test_the_shipped_specifications_are_those_of_libasterix(compiler):
    shipped = zlib.decompress(files("asman.wire.asterix").joinpath(FILE).read_bytes())
    assert shipped == compiler.compile_all(), "regenerate: .venv/bin/python tools/compile_asterix.py"


def test_the_notice_under_which_they_may_be_passed_on_stands_beside_them(compiler):
    shipped = files("asman.wire.asterix").joinpath("specifications.NOTICE").read_text()
    assert shipped == compiler.notice()
    assert "Redistributions in binary form must reproduce" in shipped


def test_every_published_category_and_edition_is_carried():
    known = specifications().categories
    assert len(known) == 27
    assert sum(len(editions) for editions in known.values()) == 68
    assert sum(len(one.uaps) for editions in known.values() for one in editions) == 72


@pytest.mark.parametrize(("category", "edition"), EDITIONS, ids=str)
def test_every_edition_flattens_to_columns_of_distinct_names(category, edition):
    shape = layout(category, edition)
    names = [column.name for column in shape.columns] + list(shape.repetitions)
    assert len(set(names)) == len(names)
    assert {column.raw for column in shape.columns} <= set(range(shape.raws))
    assert sorted(shape.plan.takes[:, COLUMN]) == list(range(len(shape.columns))), "each is taken once"
    assert sum(shape.slots) == len(shape.columns)


def test_an_edition_that_there_is_not_is_named():
    with pytest.raises(KeyError, match=r"CAT048 edition 9\.9"):
        layout(48, "9.9")
