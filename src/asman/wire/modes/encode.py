"""Tables to Mode S messages: one row, one message.

    messages = encode_squitters(table)          # (N, 14) octets

Columns of a table of squitters (their ranges: `columns`; a missing column is all null):

    kind                  "position", "surface", "velocity", "identification", "emergency", "status" or
                          "all_call"
    address               24 bits
    control_field         null: DF17, of a transponder; else DF18 with this CF: 0 and 1 other devices, 2 and
                          5 fine TIS-B, 6 ADS-R (3, coarse TIS-B, and 4, management, have other layouts)
    on_ground             capability 4 or 5, and the subtype of a status; null: by kind
    interrogator          all_call: II, or 16 + SI; null: 0, an acquisition squitter
    odd                   position, surface: CPR format; null: even
    lat_deg, lon_deg      position without them: type 0, altitude alone; surface without them: all bits 0
    pressure_altitude_m   null, or outside -1250 to 126,750 ft: altitude 0, "no information"
    geometric_altitude_m  above the WGS-84 ellipsoid; sent by a position without pressure altitude (types 20
                          to 22), and by a velocity as difference from pressure altitude
    vn_mps, ve_mps        over ground; null: "no information"; beyond the codes: "more than 4086 kt"
    climb_mps             null: "no information"
    climb_geometric       true: the climb is of GNSS; null: barometric
    track_deg             surface; null: the direction of the velocity
    callsign              null: eight times 0, "no information"
    category              0 to 7, of category_set "A" (also where null) to "D"
    mode_3a               12 bits; 7500, 7600 and 7700 raise `emergency` and `surveillance_status` where null
    emergency             0 to 7
    surveillance_status   0 to 3
    nic, nacp, nacv, sil  null: 0, unknown. NIC chooses the type code and the supplements
    gva, sda, nic_baro, tcas, ifr    null: 0. `ifr` is a bit of ADS-B versions 0 and 1 that version 2 reserves

Replies (`encode_replies`) are of kind "altitude" (DF4, DF20) or "identity" (DF5, DF21) and read `address`,
`on_ground`, `pressure_altitude_m`, `mode_3a` and `surveillance_status`.

Sources: those of kernels/modes_encode.py.
"""

from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from asman.errors import InputError
from asman.kernels.comm_b_encode import REGISTER
from asman.kernels.modes_bits import LONG
from asman.kernels.modes_encode import CONTROL, write_replies, write_squitters
from asman.wire.modes.columns import numbers

#: Places are the kernel's codes.
SQUITTERS: Final = ("position", "surface", "velocity", "identification", "emergency", "status", "all_call")
REPLIES: Final = ("altitude", "identity")

Octets = NDArray[np.uint8]


def encode_squitters(table: pa.Table) -> Octets:
    """Encode squitters, one a row; an all-call reply takes the first 7 octets, the others are 0.

    table    columns as this file's head has them
    returns  (N, 14)

    Raises InputError for an unknown column, a value outside its range, a callsign that has no code.
    """
    real, whole = numbers(table, SQUITTERS, "squitters")
    _demand_layout(whole[CONTROL])
    out = np.zeros((table.num_rows, LONG), np.uint8)
    write_squitters(real, whole, out)
    return out


def _demand_layout(control: NDArray[np.int64]) -> None:
    other = (control == 3) | (control == 4)
    if other.any():
        row = int(np.argmax(other))
        raise InputError(
            f"squitters: control_field, row {row}",
            f"{control[row]} is coarse TIS-B (3) or management (4), which have layouts of their own",
            "Give 0, 1, 2, 5 or 6, or null for DF17.",
        )


def encode_replies(table: pa.Table, registers: Octets | None = None) -> Octets:
    """Encode surveillance replies: short (DF4, DF5, the first 7 octets) or long with a register (DF20, DF21).

    table      columns as this file's head has them
    registers  (N, 7)   a Comm-B register for each row (kernels/comm_b_encode.py); None: short replies
    returns    (N, 14)  octets that are not used are 0

    Raises InputError as `encode_squitters`, and for registers that are not one a row.
    """
    real, whole = numbers(table, REPLIES, "replies")
    out = np.zeros((table.num_rows, LONG), np.uint8)
    held = np.zeros((0, REGISTER), np.uint8) if registers is None else registers
    if registers is not None and registers.shape != (table.num_rows, REGISTER):
        raise InputError(
            "replies: registers",
            f"{registers.shape} octets for {table.num_rows} rows",
            f"Give {REGISTER} octets a row.",
        )
    write_replies(real, whole, np.ascontiguousarray(held), out)
    return out
