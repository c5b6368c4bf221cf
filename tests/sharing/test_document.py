"""An agreement's text: what is right, and every way to be wrong with its line, field and mend."""

import datetime
import json

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sharing.making import EXAMPLES, agreements

from asman.model.agreement import Agreement, Document
from asman.sharing import document, shapes
from asman.sharing.canonical import agreement_hash, canonical
from asman.sharing.problems import errors
from asman.sharing.toml_lines import lines_of

HERE = {"type": "Polygon", "coordinates": [[[10, 50], [11, 50], [11, 51], [10, 51], [10, 50]]]}
LINE = {"type": "LineString", "coordinates": [[10, 50], [11, 50]]}


def outline(coordinates) -> bytes:
    return json.dumps({"type": "Polygon", "coordinates": coordinates}).encode()


TEXT = """\
[agreement]
id = "aa-bb"
title = "A test"
parties = ["AA", "BB"]
from = 2026-01-05
duration = "P1Y"

[[volume]]
id = "here"
file = "here.geojson"
ceiling_m = 20000

[[grant]]   # with a comment
from = "AA"
to = ["BB"]
what = ["tracks"]
where = "here"
"""


def check(text: str, **files) -> document.Checked:
    kept = {"here.geojson": json.dumps(HERE).encode(), "line.geojson": json.dumps(LINE).encode(), **files}

    def read(name: str) -> bytes:
        if name not in kept:
            raise FileNotFoundError(2, "No such file or directory")
        return kept[name]

    return document.read(text.encode(), read)


def only_error(text: str, **files) -> document.Problem:
    (error,) = errors(check(text, **files).problems)
    return error


def test_a_right_document_has_no_errors():
    checked = check(TEXT)
    assert checked.agreement is not None and checked.agreement.parties == ("AA", "BB")
    assert not errors(checked.problems)


@pytest.mark.parametrize(
    ("old", "new", "line", "field", "words"),
    [
        ('id = "aa-bb"', 'id = "AA BB"', 2, "agreement: id", "is no id"),
        ('title = "A test"', "title = 7", 3, "agreement: title", "needed text"),
        ('title = "A test"', "", 1, "agreement", "'title' is missing"),
        ('["AA", "BB"]', '["AA", "AA"]', 4, "agreement: parties", "each once"),
        ('["AA", "BB"]\n', '["AA", "b"]\n', 4, "agreement: parties", "'b' is no member"),
        ("2026-01-05", '"soon"', 5, "agreement: from", "date"),
        ('"P1Y"', '"one year"', 6, "agreement: duration", "is no duration"),
        ('"P1Y"', '"P0D"', 6, "agreement: duration", "no time at all"),
        ('"P1Y"', '"P9999Y"', 6, "agreement: duration", "longer than"),
        ('"P1Y"', '"P1Y"\nrenewals = "x"', 7, "agreement: renewals", "unknown key"),
        ('"P1Y"', '"P1Y"\nsuspension = "never"', 7, "agreement: suspension", "'never' is not known"),
        ("ceiling_m = 20000", "ceiling_m = 0", 11, "volume 1: ceiling_m", "not above the floor"),
        ("ceiling_m = 20000", "ceiling_m = inf", 11, "volume 1: ceiling_m", "not within"),
        ('"here.geojson"', '"gone.geojson"', 10, "volume 1: file", "cannot be read"),
        ('"here.geojson"', '"../here.geojson"', 10, "volume 1: file", "leaves the document's folder"),
        ('from = "AA"', 'from = "CC"', 14, "grant 1: from", "'CC' is no party"),
        ('to = ["BB"]', 'to = ["AA"]', 15, "grant 1: to", "nobody gives to itself"),
        ('to = ["BB"]', 'to = "BB"', 15, "grant 1: to", "a list"),
        ('what = ["tracks"]', 'what = ["track"]', 16, "grant 1: what", "'track' is not known"),
        ('where = "here"', 'where = "there"', 17, "grant 1: where", "'there' is no volume"),
        ('where = "here"', 'where = "here"\ndelay_s = -1', 18, "grant 1: delay_s", "not within"),
        (
            'where = "here"',
            'where = "here"\nexcept_fields = ["track"]',
            18,
            "grant 1: except_fields",
            "no column",
        ),
        ('where = "here"', 'where = "here"\ncodes = ["COMLOSS"]', 18, "grant 1: codes", "warnings alone"),
        ('where = "here"', 'where = "here"\nonward = ["AA"]', 18, "grant 1: onward", "its own back"),
        (
            'where = "here"',
            'where = "here"\n[[post]]\nmember = "ZZ"\nname = "x"\nmay = []',
            19,
            "post 1: member",
            "no party",
        ),
        (
            'where = "here"',
            'where = "here"\n[[measure]]\nname = "escort"\ndecided_by = "x"',
            20,
            "measure 1: decided_by",
            "no post",
        ),
    ],
)
def test_every_error_has_its_line_field_and_mend(old, new, line, field, words):
    error = errors(check(TEXT.replace(old, new, 1)).problems)[0]
    assert (error.line, error.field) == (line, field)
    assert words in error.problem
    assert error.mend


def test_all_errors_are_told_at_once():
    text = TEXT.replace('"aa-bb"', '"AA"').replace('"BB"]\nwhat', '"CC"]\nwhat').replace('"P1Y"', '"x"')
    assert [one.line for one in errors(check(text).problems)] == [2, 6, 15]


def test_what_is_no_toml_names_its_line():
    assert only_error(TEXT.replace('title = "A test"', 'title = "A test')).line == 3


def test_what_is_not_utf8_names_its_line():
    (error,) = errors(document.read(TEXT.encode().replace(b"A test", b"\xff"), lambda _: b"").problems)
    assert error.line == 3 and "UTF-8" in error.problem


def test_what_is_too_large_is_not_even_read():
    (error,) = errors(document.read(b"#" * (document.MOST_OCTETS + 1), lambda _: b"").problems)
    assert "are the most" in error.problem


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (b"{", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"{}", "needed Polygon"),
        (json.dumps(LINE).encode(), "holds a LineString"),
        (outline([[[10, 50], [11, 50], [11, 51], [10, 51]]]), "not closed"),
        (outline([[[50, 100], [11, 50], [11, 51], [50, 100]]]), "not on earth"),
        (outline([[[10, 50], [11, 50], [12, 50], [10, 50]]]), "encloses nothing"),
        (outline([[[-179, 1], [179, 1], [179, 2], [-179, 1]]]), "180th"),
        (outline([["a", 1]]), "is no [longitude, latitude]"),
        (b" " * (shapes.MOST_OCTETS + 1), "are the most"),
        (outline([[[10, 50]] * (shapes.MOST_POINTS + 1)]), "encloses nothing"),
    ],
)  # fmt: skip
def test_a_shape_that_is_none_is_refused(shape, words):
    error = only_error(TEXT, **{"here.geojson": shape})
    assert error.line == 10 and words in error.problem


def test_where_grants_meet_the_strictest_terms_are_explained():
    more = '[[grant]]\nfrom = "AA"\nto = ["BB"]\nwhat = ["tracks"]\nwhere = "everywhere"\nposition_m = 500\n'
    notes = [one for one in check(TEXT + more).problems if "both give" in one.problem]
    assert len(notes) == 1 and notes[0].line == 18
    assert "positions to 500 m (grant 2)" in notes[0].mend


def test_grants_that_do_not_meet_are_not_explained():
    far = outline([[[11, 50], [12, 50], [12, 51], [11, 50]]])
    more = (
        '[[volume]]\nid = "far"\nfile = "far.geojson"\nceiling_m = 20000\n'
        '[[grant]]\nfrom = "AA"\nto = ["BB"]\nwhat = ["tracks"]\nwhere = "far"\n'
    )
    checked = check(TEXT + more, **{"far.geojson": far})
    assert not [one for one in checked.problems if "both give" in one.problem]


def test_what_nobody_gives_is_said():
    said = [one.problem for one in check(TEXT).problems]
    assert "BB gives nothing to AA" in said
    assert "AA gives BB no plots, identity, warnings, tasks, coverage, health" in said


def test_a_slit_between_volumes_is_doubted():
    more = (
        '[[volume]]\nid = "high"\nfile = "here.geojson"\nfloor_m = 20500\nceiling_m = 30000\n'
        '[[grant]]\nfrom = "AA"\nto = ["BB"]\nwhat = ["tracks"]\nwhere = "high"\n'
    )
    assert any("between 20000 m and 20500 m" in one.problem for one in check(TEXT + more).problems)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_agreements_are_right_and_say_that_they_are_illustrative(path):
    checked = document.read(path.read_bytes(), lambda name: (path.parent / name).read_bytes())
    assert checked.agreement is not None, [str(one) for one in checked.problems]
    assert not [one for one in checked.problems if one.weight == "doubt"]
    assert "illustrative" in checked.agreement.terms.agreement.illustrative
    assert checked.agreement.id == path.stem


def test_five_agreements_are_shipped_and_none_of_kyrgyzstan_and_kazakhstan_alone():
    names = {path.stem for path in EXAMPLES.glob("*.toml")}
    assert names == {"kg-ru-2023", "ru-kz", "ru-by", "ru-tj", "csto"}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_schema_takes_what_the_check_takes(path):
    import tomllib

    def plain(value):
        if isinstance(value, dict):
            return {key: plain(one) for key, one in value.items()}
        if isinstance(value, list):
            return [plain(one) for one in value]
        return value.isoformat() if isinstance(value, datetime.date) else value

    jsonschema.Draft202012Validator.check_schema(document.schema())
    raw = plain(tomllib.loads(path.read_text(encoding="utf-8")))
    jsonschema.validate(raw, document.schema())
    raw["grant"][0]["what"] = ["weapons"]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, document.schema())


def test_the_canonical_form_does_not_change_with_layout():
    turned = TEXT.replace("[[grant]]   # with a comment", "\n\n[[grant]]").replace('"here"\n', '"here"   \n')
    turned = turned.replace('id = "aa-bb"\ntitle = "A test"', 'title = "A test"\nid = "aa-bb"')
    assert agreement_hash(check(TEXT).agreement) == agreement_hash(check(turned).agreement)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"A test"', '"A  test"'), ("P1Y", "P12M"), ("2026-01-05", "2026-01-06"), ('"tracks"', '"plots"'),
        ("20000", "20001"), ('where = "here"', 'where = "here"\nposition_m = 1'),
    ],
)  # fmt: skip
def test_the_hash_changes_with_every_term(old, new):
    changed = check(TEXT.replace(old, new)).agreement
    assert changed is not None and agreement_hash(check(TEXT).agreement) != agreement_hash(changed)


def test_a_default_that_is_written_is_as_one_that_is_not():
    written = TEXT.replace('where = "here"', 'where = "here"\nposition_m = 0\ndelay_s = 0.0\nonward = []')
    assert agreement_hash(check(TEXT).agreement) == agreement_hash(check(written).agreement)


def test_the_hash_changes_with_a_corner_of_a_volume():
    moved = json.dumps(HERE).replace("51", "51.0000001").encode()
    changed = check(TEXT, **{"here.geojson": moved}).agreement
    assert agreement_hash(check(TEXT).agreement) != agreement_hash(changed)


def test_the_hash_of_a_shipped_agreement_stays():
    """Golden: signatures of years ago must hold. If the form has to change, the version must, too."""
    path = EXAMPLES / "kg-ru-2023.toml"
    got = document.read(path.read_bytes(), lambda name: (path.parent / name).read_bytes()).agreement
    assert agreement_hash(got) == GOLDEN, f"the canonical form changed: {agreement_hash(got)}"


GOLDEN = "c0041573bcafbb77276abadf1b12be895bc474679be1496a67ac04c47f51ccae"


@settings(max_examples=50, deadline=None)
@given(agreements("some"))
def test_the_canonical_form_loses_nothing(one):
    octets = canonical(one).split(b"\0", 1)[1]
    whole = msgspec.json.decode(octets)
    terms = msgspec.convert(whole["terms"], Document, strict=False)
    areas = {name: tuple(tuple(map(tuple, ring)) for ring in rings) for name, rings in whole["areas"].items()}
    assert Agreement(terms, areas) == one


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_no_octets_crash_the_reader(octets):
    checked = document.read(octets, lambda _: octets)
    assert checked.agreement is not None or errors(checked.problems)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_mutation_crashes_the_reader(data):
    octets = bytearray((EXAMPLES / "ru-kz.toml").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(octets) - 1))
        octets[place : place + data.draw(st.integers(0, 5))] = data.draw(st.binary(max_size=4))
    checked = document.read(bytes(octets), lambda name: (EXAMPLES / name).read_bytes())
    assert checked.agreement is not None or errors(checked.problems)


def test_lines_are_those_of_the_keys():
    text = 'a = """\n[b]\nc = 1\n"""\n[b]\n"c d" = [\n 1, # x = 3\n]\n'
    text += '[[e]]\nf.g = "]"\n[[e]]\n[e.h]\ni = { j = 1 }\n'
    assert lines_of(text) == {
        ("a",): 1, ("b",): 5, ("b", "c d"): 6, ("e", 0): 9, ("e", 0, "f", "g"): 10, ("e", 1): 11,
        ("e", 1, "h"): 12, ("e", 1, "h", "i"): 13,
    }  # fmt: skip
