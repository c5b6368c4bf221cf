import numpy as np
import pytest
from tests.wire.recordings import block, fspec, one_frame

from asman.wire.asterix import decode
from asman.wire.framing import find


def _read(shared_data, name: str) -> bytes:
    return (shared_data / "asterix" / name).read_bytes()


def _reasons(found) -> list[str]:
    return found.rejected["reason"].to_pylist()


def test_an_old_cat021_that_also_reads_as_a_new_one_is_recognised(shared_data):
    octets = _read(shared_data, "samples/jasterix--cat021ed0.26.bin")
    new = decode(octets, one_frame(octets), editions={"21": "2.7"}, trusted=True)
    assert (new.records, new.rejected.num_rows) == (2, 0)  # without a fault, and all of it garbage
    found = decode(octets, one_frame(octets))
    assert (found.editions["CAT021"].edition, found.records) == ("0.26", 1)
    assert found.editions["CAT021"].scores["2.7"] < 0.1


@pytest.mark.parametrize(
    ("name", "category", "edition"),
    [
        ("alicante-adsb.cat021.ast", "CAT021", "2.7"),
        ("barcelona-radar-2023-05-02.cat048.ast", "CAT048", "1.32"),
        ("jahorina-modes.cat034-048.raw", "CAT048", "1.32"),
        ("barcelona-mlat-2020-10-02.cat010.ast", "CAT010", "1.1"),
    ],
)
def test_real_recordings_are_plausible_in_their_edition(shared_data, name, category, edition):
    octets = _read(shared_data, name)
    choice = decode(octets, find(octets).frames).editions[category]
    assert choice.edition == edition
    assert not choice.pinned
    assert choice.scores[edition] > 0.9


def test_negative_flight_levels_tell_the_edition_that_has_them_signed(shared_data):
    octets = _read(shared_data, "barcelona-radar-2023-05-02.cat048.ast")
    scores = decode(octets, find(octets).frames).editions["CAT048"].scores
    assert scores["1.32"] > scores["1.31"] + 0.05


def test_a_wrong_pin_is_refused_whole_with_the_editions_that_fit(shared_data):
    octets = _read(shared_data, "alicante-adsb.cat021.ast")
    found = decode(octets, find(octets).frames, editions={"CAT021": "0.26"})
    assert found.tables == {}
    (reason,) = set(_reasons(found))
    assert reason.startswith(
        "CAT021: not plausible as edition 0.26 (0%); plausible as 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7"
    )
    assert found.editions["CAT021"].pinned


def test_a_wrong_pin_on_one_block_is_refused_too(shared_data):
    octets = _read(shared_data, "samples/jasterix--cat021ed0.26.bin")
    found = decode(octets, one_frame(octets), editions={"21": "2.7"})
    assert found.records == 0
    assert "plausible as 0.24, 0.25, 0.26" in _reasons(found)[0]


def test_a_right_pin_stays_though_another_edition_fits_better(shared_data):
    octets = _read(shared_data, "barcelona-radar-2023-05-02.cat048.ast")
    found = decode(octets, find(octets).frames, editions={"48": "1.27"})
    assert found.records == 44_085
    assert found.editions["CAT048"].edition == "1.27"
    below = found.tables["CAT048"]["I090/FL_FL"].to_numpy()
    assert np.nanmax(below) > 4000  # unsigned there, and so negative levels are far up: what was asked for


def test_editions_judged_before_are_used_without_judging_again():
    octets = block(48, fspec(48, "1.32", "010", "140") + b"\x14\x81\xff\xff\xff")  # 131072 s: no time of day
    found = decode(octets, one_frame(octets), editions={"48": "1.32"}, trusted=True)
    assert (found.records, found.editions["CAT048"].scores) == (1, {})


def test_records_of_no_edition_are_refused_not_decoded():
    noise = np.random.default_rng(5).integers(0, 256, 60_000, dtype=np.uint8).tobytes()
    octets = b"".join(block(62, b"\xbf\xff\x01\x04" + noise[k : k + 300]) for k in range(0, 60_000, 300))
    found = decode(octets, one_frame(octets))
    assert found.records == 0
    assert "not plausible as any edition that we carry" in _reasons(found)[0]


def test_one_damaged_block_does_not_speak_against_an_edition():
    good = block(48, fspec(48, "1.32", "010", "140") + b"\x14\x81\x00\x00\x80")
    octets = good * 3 + block(48, b"\xff\xff\xff\xff")
    found = decode(octets, one_frame(octets))
    assert (found.records, found.rejected.num_rows) == (3, 1)


def test_of_editions_that_fit_alike_the_newest_is_taken():
    octets = block(34, fspec(34, "1.29", "010", "000") + b"\x14\x81\x01")
    choice = decode(octets, one_frame(octets)).editions["CAT034"]
    assert choice.edition == "1.29"
    assert len(set(choice.scores.values())) == 1


def test_a_clock_that_jumps_about_is_implausible():
    times = np.random.default_rng(1).integers(0, 86_400 * 128, 200)
    head = fspec(48, "1.32", "010", "140") + b"\x14\x81"
    jumping = b"".join(block(48, head + int(one).to_bytes(3, "big")) for one in times)
    steady = b"".join(block(48, head + int(one).to_bytes(3, "big")) for one in np.sort(times)[:2].repeat(100))
    scores = [decode(one, one_frame(one)).editions["CAT048"].scores["1.32"] for one in (jumping, steady)]
    assert scores[0] < 0.75 < 0.95 < scores[1]
