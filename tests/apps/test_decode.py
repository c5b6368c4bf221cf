import gzip
import json
import os
import stat
import subprocess
import sys

import numpy as np
import pyarrow.feather
import pyarrow.parquet
import pytest
from click.testing import CliRunner

import asman
from asman.apps.decode import command, decode
from asman.errors import InputError

#: CAT048 and CAT034, one record each.
SKY = bytes.fromhex("30000ef0 1481 000080 a0 6400 4000".replace(" ", ""))
NORTH = bytes.fromhex("22000a e0 1481 01 000080".replace(" ", ""))


@pytest.fixture
def recording(tmp_path):
    path = tmp_path / "sky.ast"
    path.write_bytes(SKY + NORTH + SKY)
    return path


def run(*arguments: object):
    return CliRunner().invoke(command, [str(one) for one in arguments])


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_library_takes_a_path_or_octets(recording):
    for source in (recording, str(recording), SKY + NORTH + SKY):
        found = asman.decode(source)
        assert {name: table.num_rows for name, table in found.tables.items()} == {"CAT034": 1, "CAT048": 2}


def test_ndjson_is_one_nested_object_a_record_in_file_order(recording):
    result = run(recording)
    assert result.exit_code == 0
    first, second, third = lines(result.stdout)
    assert [one["category"] for one in (first, second, third)] == [48, 34, 48]
    assert first["I010"] == {"SAC": 20, "SIC": 129}
    assert first["I140_s"] == 1.0
    assert first["I040"] == {"RHO_NM": 100.0, "THETA_deg": 90.0}
    assert (first["edition"], first["offset"]) == ("1.32", 3)
    assert "time" not in first
    assert "null" not in result.stdout
    assert "NaN" not in result.stdout


def test_codes_are_octal_bits_are_hexadecimal_and_times_are_utc(shared_data):
    result = run(
        shared_data / "asterix" / "croatia-seven-radars.cat034-048.pcap", "--category", "48", "--limit", 40
    )
    found = lines(result.stdout)
    assert len(found) == 40
    assert found[0]["time"] == "2016-05-05T07:35:56.508910000Z"
    codes = [one["I070"]["MODE3A"] for one in found if "I070" in one]
    assert codes
    assert all(len(code) == 4 and set(code) <= set("01234567") for code in codes)
    registers = [one["MBDATA"] for record in found for one in record.get("I250", [])]
    assert registers
    assert all(len(bytes.fromhex(one)) == 7 for one in registers)


def test_one_category_is_written_to_the_named_file(recording, tmp_path):
    out = tmp_path / "out.parquet"
    result = run(recording, "-o", out, "--category", "48")
    assert result.exit_code == 0
    assert pyarrow.parquet.read_table(out)["I040/RHO_NM"].to_pylist() == [100.0, 100.0]
    assert f"written: {out}" in result.stderr


def test_several_categories_are_written_to_a_file_each(recording, tmp_path):
    assert run(recording, "-o", tmp_path / "out.arrow").exit_code == 0
    assert pyarrow.feather.read_table(tmp_path / "out.CAT034.arrow").num_rows == 1
    assert pyarrow.feather.read_table(tmp_path / "out.CAT048.arrow").num_rows == 2


def test_tables_come_back_from_parquet_as_they_were(shared_data, tmp_path):
    path = shared_data / "asterix" / "jahorina-modes.cat034-048.raw"
    run(path, "-o", tmp_path / "out.parquet", "--category", "48")
    back = pyarrow.parquet.read_table(tmp_path / "out.parquet")
    table = decode(path).tables["CAT048"]
    assert back.column_names == table.column_names
    for name in table.column_names:
        assert back[name].to_pylist() == table[name].to_pylist()
    assert back.schema.field("I090/FL_FL").metadata[b"unit"] == b"FL"


def test_several_recordings_say_which_record_is_whose(recording, tmp_path):
    other = tmp_path / "other.ast"
    other.write_bytes(SKY)
    found = lines(run(recording, other).stdout)
    assert [one["recording"] for one in found] == [str(recording)] * 3 + [str(other)]
    run(recording, other, "-o", tmp_path / "out.parquet", "--category", "48")
    names = pyarrow.parquet.read_table(tmp_path / "out.parquet")["recording"].to_pylist()
    assert names == [str(recording)] * 2 + [str(other)]


def test_what_is_rejected_is_said_on_stderr_by_reason_and_is_no_failure(tmp_path):
    path = tmp_path / "damaged.ast"
    path.write_bytes(SKY + bytes.fromhex("fc000480") * 3 + NORTH[:5])
    result = run(path)
    assert result.exit_code == 0
    assert len(lines(result.stdout)) == 1
    assert "4 rejected, 1 records read" in result.stderr
    said = (
        "3 x: category 252 is not in the published specifications we carry: session and service control of "
        "ARTAS, not supported in any edition (first at octet 14, 12 octets)"
    )
    assert said in result.stderr


def test_nothing_to_read_is_the_users_to_mend(tmp_path, recording):
    path = tmp_path / "noise.bin"
    path.write_bytes(b"\xff" * 64)
    for arguments, problem in (
        ([path], r"holds no record that could be read \(tried: .*noise.bin as raw\)"),
        ([recording, "--category", "62"], "holds no record of CAT062"),
        ([tmp_path / "absent"], "no such file"),
        ([tmp_path], "is a folder"),
        ([recording, "--edition", "48:1.32"], "is not CATEGORY=EDITION"),
        ([recording, "--edition", "48=9.9"], "CAT048 has no edition 9.9"),
        ([recording, "--category", "x"], "is no category"),
        ([recording, "-o", "out.csv"], "unknown ending"),
        ([recording, "--framing", "pcapn"], r"no such framing. Did you mean 'pcapng'"),
        ([recording, "--framing", "final"], r"holds no record .* as final"),
        (
            [recording, "--fields", "I048/040.ROH"],
            r"no item has this name. Did you mean 'I040/RHO' of CAT048",
        ),
        ([recording, "--where", "I048/040.ROH < 1"], "Did you mean 'I040/RHO' of CAT048"),
        ([recording, "--where", "I040.RHO <"], "a value was expected"),
        ([recording, "--where", "I040.RHO < far"], "cannot be compared with 'far': it is a number"),
        ([recording, "--where", "(I040.RHO < 3"], r"'\)' was expected"),
        ([recording, "--where", "I010 = 3 ; rm"], "this is no name, number or sign"),
        ([recording, "--json"], "goes with --summary"),
        (["-", recording], "standard input stands alone"),
        ([recording, "-o", tmp_path / "absent" / "out.ndjson"], "cannot be written"),
    ):
        with pytest.raises(InputError, match=problem):
            CliRunner().invoke(command, [str(one) for one in arguments], catch_exceptions=False)


def test_an_empty_recording_says_so(tmp_path):
    path = tmp_path / "empty.ast"
    path.touch()
    with pytest.raises(InputError, match="is empty"):
        decode(path)


def test_items_are_chosen_by_the_names_that_people_write(recording):
    for names in ("time,I048/040.RHO", "rho", "040/rho_nm", "I040:RHO", "CAT048/I040/RHO_NM"):
        assert lines(run(recording, "--fields", names).stdout) == [
            {"category": 48, "I040": {"RHO_NM": 100.0}},
            {"category": 48, "I040": {"RHO_NM": 100.0}},
        ]
    listed = run(recording, "--fields", "?").stdout
    assert "I040/RHO_NM" in listed
    assert "NM" in listed


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ("I048/040.RHO = 100", 2),
        ("I040.RHO < 100 or I034/000 is not null", 1),
        ("not (RHO >= 100)", 1),
        ("RHO in 90..110 and THETA between 89 and 91", 2),
        ("RHO in (1, 2, 100)", 2),
        ("RHO not in (1, 2, 100)", 1),
        ("I140 >= 00:00:01 and I140 < 00:00:02", 2),
        ("I010.SAC = 0x14", 3),
        ("I020.TYP = 'Single ModeS Roll-Call'", 2),
        ("edition like '1.3*'", 2),
        ("I070 is null", 3),
        ("offset >= 14", 2),
    ],
)
def test_records_are_chosen_by_what_they_say(recording, where, count):
    result = run(recording, "--where", where)
    assert len(lines(result.stdout)) == count


def test_codes_in_expressions_are_octal_and_of_what_is_repeated_one_is_enough(shared_data):
    path = shared_data / "asterix" / "jahorina-modes.cat034-048.raw"
    table = decode(path).tables["CAT048"]
    code = table["I070/MODE3A"].drop_null()[5].as_py()
    found = lines(run(path, "--where", f"MODE3A = {code:04o} and I250.BDS1 = 5", "--category", "48").stdout)
    assert found
    assert {one["I070"]["MODE3A"] for one in found} == {f"{code:04o}"}
    assert all(5 in [two["BDS1"] for two in one["I250"]] for one in found)


def test_standard_input_and_compressed_recordings_are_read(recording):

    octets = recording.read_bytes()
    for given in (octets, gzip.compress(octets)):
        result = CliRunner().invoke(command, ["-"], input=given)
        assert [one["category"] for one in lines(result.stdout)] == [48, 34, 48]
    with pytest.raises(InputError, match="standard input: is empty"):
        CliRunner().invoke(command, ["-"], input=b"", catch_exceptions=False)


def test_a_compressed_recording_that_ends_too_soon_is_read_up_to_there(tmp_path):
    draw = np.random.default_rng(1)
    times = [one.to_bytes(3, "big") for one in draw.integers(0, 86_400 * 128, 3000).tolist()]
    whole = b"".join(SKY[:6] + one + SKY[9:] for one in times)
    path = tmp_path / "cut.ast.gz"
    path.write_bytes(gzip.compress(whole)[:-3000])
    found = decode(path)
    assert found.records > 1000
    read = found.tables["CAT048"]["I140_s"].to_pylist()
    assert read == decode(whole).tables["CAT048"]["I140_s"].to_pylist()[: len(read)]
    assert "cut short" in found.rejected["reason"].to_pylist()[-1]
    assert decode(path.read_bytes()).rejected.equals(found.rejected)
    result = run(path)
    assert len(lines(result.stdout)) == found.records
    assert "gzip, damaged or cut short" in result.stderr
    path.write_bytes(gzip.compress(b"")[:12])
    with pytest.raises(InputError, match="cut short"):
        decode(path)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [("I048/04", "I040"), ("MODE3", "MODE3A"), ("MODEA3", "MODE3A"), ("040.RH", "I040/RHO")],
)
def test_a_name_that_is_not_whole_is_completed(asked, meant):
    from asman.apps.decode_names import parsed

    with pytest.raises(InputError, match=f"Did you mean '{meant}'"):
        parsed(asked)


@pytest.mark.parametrize("wrap", ["raw", "pcap", "pcapng", "final", "rff", "rply"])
def test_a_recording_in_pieces_says_what_it_says_whole(tmp_path, wrap):
    from tests.wire import test_framing as packets
    from tests.wire import test_recorders as recorders

    from asman.apps.decode_source import in_pieces, opened
    from asman.wire.reading import Reading

    blocks = [SKY[:6] + k.to_bytes(3, "big") + SKY[9:] for k in range(300)]
    make = {
        "raw": lambda *some: b"".join(some),
        "pcap": lambda *some: packets.pcap(*map(sent, some)),
        "pcapng": lambda *some: packets.pcapng(*map(sent, some)),
    } | recorders.FORMS

    def sent(one: bytes) -> bytes:
        return packets.ethernet(packets.ip4(packets.udp(one)))

    path = tmp_path / "recording"
    path.write_bytes(make[wrap](*blocks))
    whole = decode(path)
    pieces = list(in_pieces(opened(path), Reading(), lambda read, size: None, 2000))
    assert len(pieces) > 2
    assert {one.framing for one in pieces} == {wrap}
    assert sum(one.octets for one in pieces) == whole.octets
    tables = [one.tables["CAT048"] for one in pieces]
    for name in ("offset", "I140_s", "edition"):
        values = [value for one in tables for value in one[name].to_pylist()]
        assert values == whole.tables["CAT048"][name].to_pylist()
    assert sum(one.rejected.num_rows for one in pieces) == 0


def test_a_summary_as_json_says_everything(shared_data):
    path = shared_data / "asterix" / "croatia-seven-radars.cat034-048.pcap"
    found = json.loads(run(path, "--summary", "--json").stdout)
    assert (found["framing"], found["records"], found["rejected"]) == ("pcap", 162, 0)
    assert found["first"].startswith("2016-05-05T07:35:56")
    assert len(found["sensors"]) == 7
    assert found["sensors"]["25/12"]["kind"] == "modes"
    category = found["categories"]["CAT048"]
    assert category["evidence"] == "1.32, 128 of 128 records plausible; 1.27 to 1.31: the same"


def test_a_summary_counts_time_on_over_midnight(tmp_path):
    path = tmp_path / "night.ast"
    times = [86_390 * 128, 86_399 * 128, 86_398 * 128, 5 * 128, 60 * 128]
    path.write_bytes(b"".join(SKY[:6] + one.to_bytes(3, "big") + SKY[9:] for one in times))
    found = json.loads(run(path, "--summary", "--json").stdout)
    assert (found["first"], found["last"], found["seconds"]) == (
        "23:59:50.000",
        "00:01:00.000 (+1 day)",
        70.0,
    )


def test_the_octets_stand_beside_the_values_on_request(recording):
    first = lines(run(recording, "--octets").stdout)[0]
    assert first["octets"] == SKY[3:].hex()
    assert first["items"][0] == {"item": "I010", "offset": 4, "octets": "1481"}


def test_a_folder_and_an_archive_say_what_to_do(tmp_path):
    with pytest.raises(InputError, match=r"is a folder, not a recording. Name the files in it"):
        decode(tmp_path)
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04" + bytes(100))
    assert decode(path).rejected["reason"].to_pylist() == ["a zip archive: unpack it first"]
    path.write_text("lat,lon,height\n" * 20)
    found = decode(path)
    assert (found.framing, found.rejected["length"].to_pylist()) == ("other", [300])


def test_octets_of_an_expansion_stand_beside_what_was_read_of_it(shared_data):
    path = shared_data / "asterix" / "samples" / "asterix4py--cat21_re.ast"
    first = lines(run(path).stdout)[0]
    assert first["RE"]["octets"] == "08f00162"
    assert first["RE"]["SGV"]["HGT_deg"] == 137.8125


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_recording_that_may_not_be_read_says_so(recording):
    recording.chmod(0)
    with pytest.raises(InputError, match="cannot be read"):
        decode(recording)
    recording.chmod(stat.S_IRUSR)


def test_a_summary_names_categories_editions_and_counts(recording):
    result = run(recording, "--summary")
    assert "CAT048" in result.stdout
    assert "1.32" in result.stdout
    assert "{" not in result.stdout


@pytest.mark.system
def test_a_reader_that_has_enough_ends_it_quietly(shared_data):
    path = shared_data / "asterix" / "barcelona-radar-2023-05-02.cat048.ast"
    with subprocess.Popen(
        [sys.executable, "-m", "asman.apps.main", "decode", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        assert json.loads(child.stdout.readline())["category"] == 48
        child.stdout.close()
        said = child.stderr.read()
        assert (child.wait(), said) == (0, b"")


@pytest.mark.system
def test_what_is_wrong_with_the_input_ends_with_two(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "asman.apps.main", "decode", str(tmp_path / "absent")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert "there is no such file" in done.stderr
