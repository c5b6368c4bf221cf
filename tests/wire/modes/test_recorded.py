"""Messages off the air, read by the tests' own reader and encoded again, are the same octets.

What our messages cannot say is left out, and counted: velocities over airspeed, bits that version 2 reserves,
and units and codes that no altitude has.
"""

import csv
from collections import Counter
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from tests.wire.modes import reader
from tests.wire.modes.reader import FOOT, FPM, KNOT, bits, me
from tests.wire.modes.test_beast import read as read_frames

from asman.wire.modes import beast_frames, encode_replies, encode_squitters

#: Integrity of the types of airborne positions, by supplement B.
NIC_AIR = {(9, 0): 11, (10, 0): 10, (11, 1): 9, (11, 0): 8, (12, 0): 7, (13, 0): 6, (14, 0): 5, (15, 0): 4}
NIC_AIR |= {(16, 1): 3, (16, 0): 2, (17, 0): 1, (18, 0): 0}
NIC_AIR |= {(20, 0): 11, (21, 0): 10, (22, 0): 0}


def table(rows: list[dict]) -> pa.Table:
    names = sorted({name for row in rows for name in row})
    return pa.table({name: [row.get(name) for row in rows] for name in names})


@pytest.fixture(scope="module")
def squitters(shared_data: Path) -> list[bytes]:
    """Extended squitters of all recordings, those with a remainder left out."""
    with (shared_data / "modes/sample_data_adsb.csv").open() as file:
        found = [bytes.fromhex(row[1]) for row in csv.reader(file)]
    stream = (shared_data / "modes/beast-one-aircraft-2018-04-03.beast").read_bytes()
    found += [octets for octets, _, _ in read_frames(stream) if octets[0] >> 3 == 17]
    whole = [octets for octets in found if reader.remainder(octets) == 0]
    assert len(whole) > 1500
    return whole


def common(octets: bytes) -> dict:
    return {"address": bits(octets, 9, 32), "on_ground": {4: True, 5: False}.get(bits(octets, 6, 8))}


def identification(octets: bytes) -> dict | None:
    code = me(octets, 1, 5)
    word = reader.callsign(me(octets, 9, 56))
    if not 1 <= code <= 4 or "?" in word:
        return None
    said = {"category_set": "DCBA"[code - 1], "category": me(octets, 6, 8), "callsign": word}
    return common(octets) | said | {"kind": "identification"}


def velocity(octets: bytes) -> dict | None:
    """Speed over ground; without the bits of intent, and of turns, which version 2 reserves."""
    if me(octets, 1, 8) not in (19 << 3 | 1, 19 << 3 | 2) or me(octets, 9, 9) or me(octets, 47, 48):
        return None
    step = 4 if me(octets, 8, 8) == 0 else 1
    east = reader.signed(me(octets, 15, 24), me(octets, 14, 14) == 1, step)
    north = reader.signed(me(octets, 26, 35), me(octets, 25, 25) == 1, step)
    climb = reader.signed(me(octets, 38, 46), me(octets, 37, 37) == 1, 64)
    above = reader.signed(me(octets, 50, 56), me(octets, 49, 49) == 1, 25)
    if east is None or north is None or me(octets, 49, 56) == 128:  # a sign of nothing
        return None
    said = {"ve_mps": east * KNOT, "vn_mps": north * KNOT, "climb_geometric": me(octets, 36, 36) == 0}
    said |= {"climb_mps": None if climb is None else climb * FPM, "ifr": me(octets, 10, 10) == 1}
    said |= {"pressure_altitude_m": 0.0, "geometric_altitude_m": None if above is None else above * FOOT}
    return common(octets) | said | {"kind": "velocity", "nacv": me(octets, 11, 13)}


def again(octets: list[bytes], rows: list[dict | None]) -> Counter:
    """Encode what could be read; count what is the same, what is not and what could not be said."""
    said = [(one, row) for one, row in zip(octets, rows, strict=True) if row is not None]
    found = encode_squitters(table([row for _, row in said]))
    counts = Counter(found[i].tobytes() == one for i, (one, _) in enumerate(said))
    return Counter(same=counts[True], other=counts[False], unsaid=len(octets) - len(said))


def test_identifications_off_the_air(squitters: list[bytes]):
    one = [octets for octets in squitters if 1 <= me(octets, 1, 5) <= 4]
    counts = again(one, [identification(octets) for octets in one])
    assert counts["other"] == 0 and counts["same"] > 100, counts


def test_velocities_off_the_air(squitters: list[bytes]):
    one = [octets for octets in squitters if me(octets, 1, 5) == 19]
    counts = again(one, [velocity(octets) for octets in one])
    assert counts["other"] == 0 and counts["same"] > 500, counts


def test_positions_off_the_air(squitters: list[bytes]):
    """A position is read from a message and the last of the other format, and encoded as the message was."""
    last: dict[tuple[int, int], bytes] = {}
    octets, rows = [], []
    for one in squitters:
        nic = NIC_AIR.get((me(one, 1, 5), me(one, 8, 8)))
        if not (9 <= me(one, 1, 5) <= 18):
            continue
        odd, address = me(one, 22, 22), bits(one, 9, 32)
        last[address, odd] = one
        other = last.get((address, 1 - odd))
        octets.append(one)
        rows.append(None)
        feet = reader.altitude_12_ft(me(one, 9, 20))
        if other is None or nic is None or me(one, 21, 21):
            continue
        both = (other, one) if odd else (one, other)
        at = reader.global_position(me(both[0], 23, 56), me(both[1], 23, 56), bool(odd))
        if at is None or abs(at[0]) > 90:
            continue
        rows[-1] = common(one) | {
            "kind": "position",
            "odd": bool(odd),
            "lat_deg": at[0],
            "lon_deg": at[1],
            "nic": nic,
            "pressure_altitude_m": None if feet is None else feet * FOOT,
            "surveillance_status": me(one, 6, 7),
        }
    counts = again(octets, rows)
    assert counts["other"] == 0 and counts["same"] > 500, counts


@pytest.mark.parametrize("name", ["sample_data_commb_df20.csv", "sample_data_commb_df21.csv"])
def test_replies_with_registers_off_the_air(shared_data: Path, name: str):
    with (shared_data / "modes" / name).open(encoding="utf-8-sig") as file:
        found = [(int(row[1], 16), bytes.fromhex(row[2])) for row in csv.reader(file)]
    octets, rows = [], []
    for address, one in found:
        feet = reader.altitude_ft(bits(one, 20, 32))
        status = bits(one, 6, 8)
        # DR and UM ask for more than a reply of ours does; status 4 is an alert and SPI at once.
        if reader.remainder(one) != address or bits(one, 9, 19) or status not in (0, 1, 2, 3, 5):
            continue
        row = {"address": address, "on_ground": status in (1, 3)}
        row["surveillance_status"] = 3 if status == 5 else 2 if status in (2, 3) else 0
        if one[0] >> 3 == 21:
            row |= {"kind": "identity", "mode_3a": reader.squawk(bits(one, 20, 32))}
        elif feet is not None or bits(one, 20, 32) == 0:
            row |= {"kind": "altitude", "pressure_altitude_m": None if feet is None else feet * FOOT}
        else:
            continue
        octets.append(one)
        rows.append(row)
    registers = np.array([list(one[4:11]) for one in octets], np.uint8)
    again_octets = encode_replies(table(rows), registers)
    differ = [one.hex() for one, ours in zip(octets, again_octets, strict=True) if ours.tobytes() != one]
    assert len(octets) > 4000 and not differ


def test_a_recorded_stream_framed_again_is_the_same_octets(shared_data: Path):
    stream = (shared_data / "modes/beast-one-aircraft-2018-04-03.beast").read_bytes()
    rows = read_frames(stream)
    messages, lengths, ticks, levels = zip(
        *[(list(octets.ljust(14, b"\0")), len(octets), tick, level) for octets, tick, level in rows],
        strict=True,
    )
    framed = beast_frames(np.array(messages, np.uint8), np.array(lengths), np.array(ticks), np.array(levels))
    assert framed == stream
