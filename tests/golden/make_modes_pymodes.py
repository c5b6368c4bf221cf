"""Make modes_pymodes.json: messages that Asman encodes, as pyModeS reads them.

pyModeS is GPL-3: a peer to compare with, never a part. In an environment of its own:

    python3 -m venv benchmarks/.peers/pymodes
    benchmarks/.peers/pymodes/bin/pip install pyModeS==3.6.1
    .venv/bin/python tests/golden/make_modes_pymodes.py encode \
        | benchmarks/.peers/pymodes/bin/python tests/golden/make_modes_pymodes.py decode

The first writes inputs and octets, the second adds what pyModeS finds in the octets and writes the file.
"""

import json
import random
import sys
from pathlib import Path

HERE = Path(__file__).parent
KNOT, FOOT = 1852 / 3600, 0.3048
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def place(chance: random.Random) -> dict:
    return {
        "lat_deg": round(chance.choice((chance.uniform(-89.9, 89.9), chance.uniform(35, 60))), 7),
        "lon_deg": round(chance.uniform(-180, 180), 7),
        "odd": chance.random() < 0.5,
        "nic": chance.choice((None, *range(12))),
    }


def speed(chance: random.Random, top_kt: float) -> dict:
    return {name: round(chance.uniform(-top_kt, top_kt) * KNOT, 4) for name in ("vn_mps", "ve_mps")}


def row(chance: random.Random, kind: str) -> dict:
    """A squitter's or reply's columns, only those that it says."""
    said = {"kind": kind, "address": chance.randrange(1, 1 << 24)}
    altitude_m = round(
        chance.choice((chance.uniform(-1200, 50_000), chance.uniform(50_000, 126_000))) * FOOT, 3
    )
    if kind == "position":
        name = "geometric_altitude_m" if chance.random() < 0.15 else "pressure_altitude_m"
        said |= {**place(chance), name: altitude_m}
    elif kind == "surface":
        said |= {**place(chance), **speed(chance, chance.choice((0, 1, 20, 80, 150)))}
    elif kind == "velocity":
        said |= {**speed(chance, chance.choice((50, 500, 1000, 2500))), "nacv": chance.randrange(5)}
        said |= {"climb_mps": round(chance.uniform(-60, 60), 3), "climb_geometric": chance.random() < 0.3}
        if chance.random() < 0.7:
            said |= {
                "pressure_altitude_m": altitude_m,
                "geometric_altitude_m": altitude_m + chance.randrange(-900, 900),
            }
    elif kind == "identification":
        said |= {"category_set": chance.choice("ABCD"), "category": chance.randrange(8)}
        said["callsign"] = "".join(chance.choices(LETTERS, k=chance.randrange(1, 9)))
    elif kind == "emergency":
        said |= {"mode_3a": chance.choice((0o7500, 0o7600, 0o7700, chance.randrange(4096)))}
        said |= {"emergency": chance.choice((None, *range(7)))}
    elif kind == "status":
        said |= {
            "on_ground": chance.random() < 0.3,
            "nic": chance.randrange(12),
            "nacp": chance.randrange(12),
        }
        said |= {"sil": chance.randrange(4), "gva": chance.randrange(3), "sda": chance.randrange(4)}
        said |= {
            "nic_baro": chance.random() < 0.5,
            "tcas": chance.random() < 0.5,
            "nacv": chance.randrange(5),
        }
    elif kind == "altitude":
        said |= {"pressure_altitude_m": altitude_m}
    elif kind == "identity":
        said |= {"mode_3a": chance.randrange(4096), "on_ground": chance.random() < 0.3}
    return said


def register(chance: random.Random, bds: str) -> list:
    """What a register says, in the order of its kernel; None is "no information"."""
    ranges = {
        "20": [],
        "40": [(0, 15_000), (0, 15_000), (80_000, 105_000)],
        "50": [(-40, 40), (0, 359.9), (100, 280), (-3, 3), (100, 280)],
        "60": [(0, 359.9), (80, 200), (0.3, 0.85), (-25, 25), (-25, 25)],
    }[bds]
    if bds == "20":
        return ["".join(chance.choices(LETTERS, k=chance.randrange(3, 9)))]
    return [None if chance.random() < 0.1 else round(chance.uniform(*one), 4) for one in ranges]


def write_inputs() -> None:
    import numpy as np
    import pyarrow as pa

    from asman.kernels import comm_b_encode
    from asman.wire.modes import encode_replies, encode_squitters
    from asman.wire.modes.columns import letters

    chance = random.Random(20_260)
    counts = {
        "position": 120,
        "surface": 60,
        "velocity": 80,
        "identification": 40,
        "emergency": 30,
        "status": 60,
    }
    squitters = [row(chance, kind) for kind, count in counts.items() for _ in range(count)]
    replies = [row(chance, chance.choice(("altitude", "identity"))) for _ in range(60)]
    registers = [(bds, register(chance, bds)) for bds in ("20", "40", "50", "60") for _ in range(15)]
    held = np.zeros((len(registers), 7), np.uint8)
    for i, (bds, said) in enumerate(registers):
        if bds == "20":
            columns = [letters(pa.chunked_array([pa.array(said)]), "register")]
        else:
            columns = [np.array([one], float) for one in said]
        held[i] = getattr(comm_b_encode, f"register_{bds}")(*columns)[0]
    cases = [
        {"said": said, "octets": octets.tobytes().hex()}
        for said, octets in zip(
            squitters, encode_squitters(pa.Table.from_pylist(_whole(squitters))), strict=True
        )
    ]
    both = zip(replies, registers, encode_replies(pa.Table.from_pylist(_whole(replies)), held), strict=True)
    cases += [
        {"said": said, "register": bds, "holds": holds, "octets": octets.tobytes().hex()}
        for said, (bds, holds), octets in both
    ]
    json.dump(cases, sys.stdout)


def _whole(rows: list[dict]) -> list[dict]:
    """Rows with all columns: pyarrow takes the first row's names for all."""
    names = sorted({name for one in rows for name in one})
    return [{name: one.get(name) for name in names} for one in rows]


def read_back() -> None:
    import pyModeS

    cases = json.load(sys.stdin)
    for case in cases:
        said = case["said"]
        here = (said["lat_deg"], said["lon_deg"]) if "lat_deg" in said else None
        words = {"surface_ref": here} if said["kind"] == "surface" else {"reference": here} if here else {}
        found = pyModeS.decode(case["octets"].upper(), **words)
        case["pymodes"] = {name: value for name, value in found.items() if value is not None}
    text = ",\n".join(json.dumps(case) for case in cases)
    (HERE / "modes_pymodes.json").write_text(
        f'{{"pymodes": "{pyModeS.__version__}", "cases": [\n{text}\n]}}\n'
    )


if __name__ == "__main__":
    {"encode": write_inputs, "decode": read_back}[sys.argv[1]]()
