"""The account as a file: whole after a crash, and any rewriting shows."""

import json
import os
import struct

import pytest
from click.testing import CliRunner
from tests.apps.test_agreement import bent, folder, signed  # noqa: F401  (a fixture)

from asman.apps import agreement
from asman.apps.audit import command
from asman.edge.account import write_entries
from asman.edge.segment_log import SegmentLog, records, whole_octets
from asman.errors import InputError
from asman.sharing.audit import Entry


def asman(*words):
    return CliRunner().invoke(command, [str(word) for word in words])


def entries(*numbers):
    return [
        Entry(at_ns=number, kind="release", member="RU", withheld={"OUTSIDE": number}) for number in numbers
    ]


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "kg.audit"
    write_entries(path, entries(1, 2, 3))
    CliRunner().invoke(agreement.command, ["key", "KG", "-o", str(tmp_path / "keys")])
    return path


def test_what_was_written_is_exported(log):
    write_entries(log, entries(4))
    lines = [json.loads(line) for line in asman("export", log).stdout.splitlines()]
    assert [one["number"] for one in lines] == [0, 1, 2, 3]
    assert [one["withheld"]["OUTSIDE"] for one in lines] == [1, 2, 3, 4]


def test_a_partner_sees_that_the_log_extends_the_head_it_kept(log, tmp_path):
    head = tmp_path / "head.json"
    head.write_text(asman("sign", log, "--as", "KG").stdout)
    write_entries(log, entries(4, 5))
    result = asman("verify", log, "--head", head)
    assert result.exit_code == 0 and "5 entries, 1 heads agree" in result.stdout


def rewritten(log, change):
    kept = [(kind, change(octets)) for kind, octets in records(log)]
    log.unlink()
    with SegmentLog(log) as file:
        for kind, octets in kept:
            if octets:
                file.append(kind, octets)


@pytest.mark.parametrize(
    "change",
    [lambda octets: octets.replace(b":2}", b":9}"), lambda octets: b"" if b":2}" in octets else octets],
)
def test_a_log_that_was_rewritten_is_found_out(log, tmp_path, change):
    head = tmp_path / "head.json"
    head.write_text(asman("sign", log, "--as", "KG").stdout)
    rewritten(log, change)
    assert "rewritten" in str(asman("verify", log).exception)
    assert "rewritten" in str(asman("verify", log, "--head", head).exception)


def test_a_log_that_was_cut_is_found_out_by_the_head_a_partner_kept(log, tmp_path):
    head = tmp_path / "head.json"
    head.write_text(asman("sign", log, "--as", "KG").stdout)
    log.unlink()
    write_entries(log, entries(1, 2))
    assert asman("verify", log).exit_code == 0
    assert "does not begin with the 3 entries" in str(asman("verify", log, "--head", head).exception)


def test_a_forged_head_is_refused(log, tmp_path):
    head = json.loads(asman("sign", log, "--as", "KG").stdout)
    (tmp_path / "head.json").write_text(json.dumps({**head, "size": 2}))
    assert "is not signed" in str(asman("verify", log, "--head", tmp_path / "head.json").exception)


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_record_that_was_never_finished_is_cut_off_and_the_rest_is_whole(log, cut):
    os.truncate(log, log.stat().st_size - cut)
    assert "never finished" in asman("verify", log).output
    write_entries(log, entries(9))
    assert [json.loads(octets)["at_ns"] for _, octets in records(log)] == [1, 2, 9]
    assert whole_octets(log) == log.stat().st_size


def test_noise_at_the_end_is_no_record(log):
    with log.open("ab") as file:
        file.write(struct.pack("<IIB", 2**31, 0, ord("E")) + b"noise")
    assert len(list(records(log))) == 3


def test_two_writers_do_not_meet(log):
    with SegmentLog(log), pytest.raises(InputError):
        SegmentLog(log)


def test_statements_that_were_taken_and_refused_are_accounted(folder):  # noqa: F811
    document = signed(folder)
    bent(folder / "kg-ru-2023.signed.toml", 'member = "RU"', 'member = "TJ"')
    words = ["check", str(document), "--quiet", "--audit", str(folder / "audit")]
    assert CliRunner().invoke(agreement.command, words).exit_code == 2
    lines = [json.loads(line) for line in asman("export", folder / "audit").stdout.splitlines()]
    assert [(one["kind"], one["member"], one.get("reason", "")) for one in lines] == [
        ("taken", "KG", ""), ("refused", "TJ", "UNKNOWN_MEMBER"),
    ]  # fmt: skip
