"""`asman agreement`, worked with as its users do: files in, words and exit codes out."""

import json
import shutil
import stat
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from tests.sharing.making import EXAMPLES, tracks

from asman.apps.agreement import command
from asman.edge.segment_log import records
from asman.errors import InputError

ANSWERS = "\n".join((
    "KG RU", "", "Kyrgyzstan", "Russia", "", "2026-01-01", "P2Y", "", "42.85 74.85", "200", "", "tracks",
    "", "", "", "", "none",
)) + "\n"  # fmt: skip


def asman(*words: object, answers: str | None = None) -> Result:
    return CliRunner().invoke(command, [str(word) for word in words], input=answers)


def refusal(*words: object) -> str:
    result = asman(*words)
    assert isinstance(result.exception, InputError), result.output
    return str(result.exception)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the shipped agreements, with keys of KG and RU."""
    shutil.copytree(EXAMPLES, tmp_path, dirs_exist_ok=True)
    for member in ("KG", "RU"):
        assert asman("key", member, "-o", tmp_path / "keys").exit_code == 0
    return tmp_path


def signed(folder: Path) -> Path:
    document = folder / "kg-ru-2023.toml"
    for member in ("KG", "RU"):
        result = asman("sign", document, "--as", member)
        assert result.exit_code == 0, result.output
    return document


def test_shipped_agreements_pass_the_check():
    result = asman("check", *sorted(EXAMPLES.glob("*.toml")), "--quiet")
    assert result.exit_code == 0
    assert result.output.count("It is a draft") == 5


def test_a_new_agreement_is_asked_for_and_passes_the_check(tmp_path):
    document = tmp_path / "kg-ru.toml"
    asked = asman("new", "-o", document, answers=ANSWERS)
    assert asked.exit_code == 0, asked.output
    checked = asman("check", document)
    assert checked.exit_code == 0, checked.output
    assert "RU gives nothing to KG" in checked.output
    assert "exists already" in str(asman("new", "-o", document, answers=ANSWERS).exception)


def test_what_is_wrong_is_told_with_line_and_mend(folder):
    document = folder / "ru-kz.toml"
    document.write_text(document.read_text().replace('"border-belt"\nexcept', '"border-bet"\nexcept', 1))
    result = asman("check", document)
    assert result.exit_code == 2
    assert "line 45, grant 1: where: 'border-bet' is no volume. Did you mean 'border-belt'?" in result.output
    assert "line 45" in refusal("show", document)


def test_findings_as_json(folder):
    (one,) = json.loads(asman("check", folder / "ru-kz.toml", "--json").stdout)
    assert one["state"] == "draft" and len(one["hash"]) == 64
    assert any("both give" in finding["problem"] for finding in one["findings"])


def test_a_private_key_is_the_owners_alone_and_never_overwritten(folder):
    secret = folder / "keys/KG.key"
    before = secret.read_bytes()
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    assert "never overwritten" in refusal("key", "KG", "-o", folder / "keys")
    assert secret.read_bytes() == before


def test_no_private_key_is_left_behind_where_the_public_one_is_taken(folder):
    (folder / "keys/KG.key").unlink()
    assert "exists already" in refusal("key", "KG", "-o", folder / "keys")
    assert not (folder / "keys/KG.key").exists()


def test_a_key_that_others_may_read_is_refused(folder):
    (folder / "keys/KG.key").chmod(0o644)
    assert "others may read this key" in refusal("sign", folder / "kg-ru-2023.toml", "--as", "KG")


def test_an_agreement_is_active_when_all_have_signed_and_any_party_stops_it(folder):
    document = signed(folder)
    assert "It is active." in asman("check", document, "--quiet").output
    stopped = asman("suspend", document, "--as", "KG", "--reason", "drill")
    assert "Suspended by Kyrgyzstan towards Russia" in stopped.output
    assert "has suspended nothing" in refusal("resume", document, "--as", "RU")
    assert "It is active." in asman("resume", document, "--as", "KG").output
    assert asman("renew", document, "--as", "KG", "--until", "2033-10-10").exit_code == 0
    assert "to 10 October 2028" in asman("show", document).output
    assert asman("renew", document, "--as", "RU", "--until", "2033-10-10").exit_code == 0
    assert "to 10 October 2033" in asman("show", document).output


@pytest.mark.parametrize(
    ("bend", "words"),
    [
        (lambda f: bent(f / "kg-ru-2023.toml", "P30D", "P300D"), "is about another text"),
        (lambda f: bent(f / "volumes/kg.geojson", "[73.", "[74."), "is about another text"),
        (lambda f: bent(f / "kg-ru-2023.signed.toml", "number = 1", "number = 7"), "they were altered"),
        (lambda f: bent(f / "kg-ru-2023.signed.toml", 'member = "KG"', 'member = "TJ"'), "no party"),
        (lambda f: (f / "keys/RU.pub").unlink(), "no public key of that member"),
        (lambda f: shutil.copy(f / "keys/KG.pub", f / "keys/RU.pub"), "not that member's"),
    ],
)
def test_what_was_altered_after_signing_no_longer_counts(folder, bend, words):
    document = signed(folder)
    bend(folder)
    result = asman("check", document, "--quiet")
    assert result.exit_code == 2
    assert words in result.output and "It is a draft" in result.output


def bent(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_another_members_key_does_not_sign(folder):
    words = refusal("sign", folder / "kg-ru-2023.toml", "--as", "KG", "--key", folder / "keys/RU.key")
    assert "not that member's" in words
    assert not (folder / "kg-ru-2023.signed.toml").exists()


@pytest.mark.parametrize(
    "text", ["x = [", "[[signed]]\nmember = 7\n", "signed = 7\n", '[[signed]]\nact = "fly"\n']
)
def test_a_file_of_statements_that_cannot_be_read_is_refused(folder, text):
    (folder / "kg-ru-2023.signed.toml").write_text(text)
    assert "is not what was signed" in refusal("check", folder / "kg-ru-2023.toml")


def test_an_agreement_is_said_in_plain_words(folder):
    words = asman("show", folder / "kg-ru-2023.toml").output
    assert "From 11 October 2023 to 10 October 2028 Kyrgyzstan gives Russia tracks and warnings" in words
    assert "except friend aircraft" in words and "It may be passed on to nobody" in words


@pytest.mark.parametrize("name", ["kg-ru-2023", "csto", "ru-tj"])
def test_a_page_needs_nothing_from_elsewhere(folder, name):
    page = folder / "page.html"
    assert asman("show", folder / f"{name}.toml", "--html", page).exit_code == 0
    text = page.read_text()
    assert "<svg" in text and "Who gives whom what" in text
    assert (
        "http:" not in text and "https:" not in text and "<script" not in text and "nan" not in text.lower()
    )


def test_titles_of_strangers_cannot_bring_in_markup(folder):
    document = folder / "kg-ru-2023.toml"
    bent(document, 'title             = "Joint', 'title = "<script>alert(1)</script>')
    page = folder / "page.html"
    asman("show", document, "--html", page)
    assert "<script" not in page.read_text() and "&lt;script&gt;" in page.read_text()


def test_differences_are_told_term_by_term(folder):
    draft = folder / "draft.toml"
    shutil.copy(folder / "kg-ru-2023.toml", draft)
    bent(draft, "position_m      = 0 ", "position_m      = 500 ")
    bent(draft, 'may    = ["ratify", "audit"]', 'may    = ["ratify"]')
    result = asman("diff", folder / "kg-ru-2023.toml", draft)
    assert "grant 1: position_m: (not there) -> 500" in result.output
    assert "post 2: may: ratify, audit -> ratify" in result.output
    assert "2 terms differ" in result.output
    assert "no term differs" in asman("diff", draft, draft).output


def test_a_dry_run_tells_what_would_leave_and_why_not(folder):
    june = 1_780_272_000 * 10**9  # 2026-06-01
    rows = [
        {"track": 1, "lat_deg": 42.8, "lon_deg": 74.6, "callsign": "A1"},
        {"track": 2, "lat_deg": 42.8, "lon_deg": 74.7, "callsign": "OWN1"},
        {"track": 3, "lat_deg": 48.0, "lon_deg": 70.0},
        {"track": 4, "lat_deg": 42.8, "lon_deg": 74.6, "confirmed": False},
        {"track": 5, "lat_deg": 42.8, "lon_deg": 74.6, "origin": "KZ"},
    ]
    table = tracks([{"time": june + s * 10**9, "origin": "KG", **row} for s in range(3) for row in rows])
    pq.write_table(table, folder / "tracks.parquet")
    (folder / "who.csv").write_text("callsign,identity,category\nOWN1,friend,state\n")
    words = ("dry-run", folder / "kg-ru-2023.toml", "--tracks", folder / "tracks.parquet", "--as", "KG")
    more = ("--identities", folder / "who.csv", "-o", folder / "out", "--audit", folder / "kg.audit")
    result = json.loads(asman(*words, *more, "--json").stdout)
    assert result["rows"] == 9 and result["left out, not confirmed"] == 3
    assert result["left out, of other members"] == 3
    partner = result["partners"]["RU"]
    assert partner["released"] == 3 and partner["by"] == {"kg-ru-2023 grant 1": 3}
    assert partner["withheld"] == {
        "its identity or category is excepted": 3,
        "it is outside of the volumes that the grants name": 3,
    }
    sent = pq.read_table(folder / "out/RU.parquet")
    assert sent["callsign"].unique().to_pylist() == ["A1"]
    assert sent["label"][0].as_py().startswith("kg-ru-2023//RESTRICTED//REL KG RU")
    lines = [json.loads(octets) for _, octets in records(folder / "kg.audit")]
    assert sum(sum(one.get("withheld", {}).values()) for one in lines) == 6
    assert "RU gets 3 rows" in asman(*words, *more).output
    assert "No identities were given" in asman(*words).output


def test_what_is_shared_with_one_never_reaches_another(folder):
    """What KG gives RU is nothing to KZ, though RU and KZ have an agreement of their own."""
    june = 1_780_272_000 * 10**9
    table = tracks([{"time": june, "lat_deg": 42.8, "lon_deg": 74.6, "origin": "KG"}])
    pq.write_table(table, folder / "tracks.parquet")
    words = (
        "dry-run",
        folder / "kg-ru-2023.toml",
        "--tracks",
        folder / "tracks.parquet",
        "--as",
        "KG",
        "--json",
    )
    assert list(json.loads(asman(*words).stdout)["partners"]) == ["RU"]
    assert "KG is no party of ru-kz" in refusal(*words[:2], folder / "ru-kz.toml", *words[2:])


def test_a_dry_run_on_another_day(folder):
    table = tracks([{"time": 0, "lat_deg": 42.8, "lon_deg": 74.6, "origin": "KG"}])
    pq.write_table(table, folder / "tracks.parquet")
    words = (
        "dry-run",
        folder / "kg-ru-2023.toml",
        "--tracks",
        folder / "tracks.parquet",
        "--as",
        "KG",
        "--json",
    )
    assert json.loads(asman(*words).stdout)["partners"]["RU"]["released"] == 0
    assert json.loads(asman(*words, "--at", "2026-06-01").stdout)["partners"]["RU"]["released"] == 1


def test_the_schema_is_json():
    assert json.loads(asman("schema").stdout)["title"] == "Asman agreement"
