"""Read Mode S messages in their order: extended squitters, replies, and replies with a register.

One pass fills the rows of three tables, because what a message means depends on those before it, of whatever
kind: a squitter proves an address that a reply only implies; a broadcast velocity helps to know a register.

Sources: ICAO Annex 10 Vol IV (5th edition), 3.1.2.5 to 3.1.2.8; those of the kernels that this one calls.
"""

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from asman.kernels import comm_b_read as reg
from asman.kernels import modes_aircraft as of
from asman.kernels import squitter_read as sq
from asman.kernels.jit import kernel, lent, small
from asman.kernels.modes_aircraft import NO_ONE, Aircraft, find, meet, since, stamp
from asman.kernels.modes_bits import Int, Octets
from asman.kernels.modes_check import ADSB, COMM_B, MODES
from asman.kernels.modes_codes import bits, octets_at, read_altitude, read_identity
from asman.units import SECOND_NS

# Kinds of reply.
ALTITUDE, IDENTITY, AIR_AIR, ALL_CALL, EXTENDED_LENGTH, MODE_AC = range(6)
# Whole numbers of a reply's row; -1 is none. Those from REGISTER on are of replies with a register.
DF, ADDRESS, PROVEN, KIND, CORRECTED, GROUND, ALERT, SPI, MODE_3A, INTERROGATOR, CAPABILITY = range(11)
REGISTER, CODES = 11, 12
WHOLES: Final = 11
WHOLES_B: Final = CODES + reg.CODES
# Real numbers of a reply's row; NaN is none.
PRESSURE, SURE, VALUES = 0, 1, 2
REALS: Final = 1
REALS_B: Final = VALUES + reg.VALUES

#: An address that no message proves counts when it was heard so lately.
AGAIN_NS: Final = 60 * SECOND_NS
#: Rows of `done`.
_DONE_KINDS: Final = 3

Ints = NDArray[np.int64]


class Rows(NamedTuple):
    """Rows of the three tables, to be filled, with how many there are.

    sq_whole (45, N) sq_real (20, N) sq_name (2, N)     extended squitters
    re_whole (11, N) re_real (1, N)                     replies
    cb_whole (21, N) cb_real (21, N) cb_bits (2, N)     replies with a register: its 56 bits, a callsign
    done     (3,)                                       rows that are filled
    """

    sq_whole: NDArray[np.int32]
    sq_real: NDArray[np.float64]
    sq_name: Ints
    re_whole: NDArray[np.int32]
    re_real: NDArray[np.float64]
    cb_whole: NDArray[np.int32]
    cb_real: NDArray[np.float64]
    cb_bits: Ints
    done: Ints


@small
def heard(aircraft: Aircraft, key: Int, proof: bool, now_ns: Int) -> tuple[Int, Any]:
    """Row of an aircraft, met if need be, and whether its address is proven."""
    row = find(aircraft, key)
    proven = proof
    if aircraft.key[row] == NO_ONE:
        meet(aircraft, row, key)
    elif not proof:
        again = since(now_ns, aircraft.whole[row, of.HEARD_AT]) <= AGAIN_NS
        proven = aircraft.whole[row, of.PROVEN] == 1 or again
    if proof:
        aircraft.whole[row, of.PROVEN] = 1
    aircraft.whole[row, of.HEARD_AT] = stamp(now_ns)
    return row, proven


@small
def squitter_source(format_: Int, control: Int) -> Int:
    """Whose address it is: 0 ICAO of the aircraft itself, else apart for each kind of rebroadcast."""
    if format_ == 17 or control == 0:
        return 0
    return control


@lent
def read_squitter(
    messages: Octets,
    i: Int,
    heads: Ints,
    now_ns: Int,
    aircraft: Aircraft,
    near: NDArray[np.float64],
    rows: Rows,
) -> None:
    """One extended squitter."""
    n = rows.done[ADSB]
    w, r, names = rows.sq_whole, rows.sq_real, rows.sq_name
    format_, address = heads[i, 0], heads[i, 1]
    first = np.int64(messages[i, 0]) & 7
    w[sq.DF, n], w[sq.ADDRESS, n], w[sq.CORRECTED, n] = format_, address, heads[i, 2]
    control = np.int64(0)
    if format_ == 17:
        w[sq.CAPABILITY, n] = first
        if first in (4, 5):
            w[sq.GROUND, n] = 1 if first == 4 else 0
    else:
        control = first
        w[sq.CONTROL, n] = control
    me = octets_at(messages, i, 4, 7)
    if control in (3, 4, 7):
        w[sq.TYPE, n], w[sq.KIND, n] = bits(me, 56, 1, 5), sq.OTHER
    else:
        key = address | squitter_source(format_, control) << 24
        row, _ = heard(aircraft, key, True, now_ns)
        sq.read_extended(aircraft, row, me, w, r, names, n, now_ns, near)
    rows.done[ADSB] = n + 1


@lent
def read_head(
    messages: Octets, i: Int, heads: Ints, now_ns: Int, aircraft: Aircraft,
    w: NDArray[np.int32], r: NDArray[np.float64], n: Int,
) -> Int:  # fmt: skip
    """What every reply has: sender, flight status, altitude or code. Gives the aircraft's row."""
    format_, address = heads[i, 0], heads[i, 1]
    head = octets_at(messages, i, 0, 4)
    w[DF, n], w[CORRECTED, n] = format_, heads[i, 2]
    if format_ == 11:
        w[KIND, n], w[CAPABILITY, n] = ALL_CALL, bits(head, 32, 6, 8)
        if bits(head, 32, 6, 8) in (4, 5):
            w[GROUND, n] = 1 if bits(head, 32, 6, 8) == 4 else 0
    row, proven = heard(aircraft, address, format_ == 11, now_ns)
    w[ADDRESS, n], w[PROVEN, n] = address, 1 if proven else 0
    if format_ in (4, 5, 20, 21):
        status = bits(head, 32, 6, 8)
        if status <= 3:
            w[GROUND, n] = status & 1
        if status <= 5:
            w[ALERT, n] = 1 if 2 <= status <= 4 else 0
            w[SPI, n] = 1 if status >= 4 else 0
    if format_ in (5, 21):
        w[KIND, n], w[MODE_3A, n] = IDENTITY, read_identity(head & 0x1FFF)
        if proven:
            aircraft.whole[row, of.CODE_3A] = w[MODE_3A, n]
            aircraft.whole[row, of.CODE_3A_AT] = stamp(now_ns)
    elif format_ in (0, 4, 16, 20):
        w[KIND, n] = ALTITUDE if format_ in (4, 20) else AIR_AIR
        r[PRESSURE, n] = read_altitude(head & 0x1FFF)
        if format_ in (0, 16):
            w[GROUND, n] = bits(head, 32, 6, 6)
    elif format_ == 24:
        w[KIND, n] = EXTENDED_LENGTH
    return row


@lent
def read_reply(messages: Octets, i: Int, heads: Ints, now_ns: Int, aircraft: Aircraft, rows: Rows) -> None:
    """One reply without a register, or a Mode A/C reply."""
    n = rows.done[MODES]
    w, r = rows.re_whole, rows.re_real
    if heads[i, 0] < 0:
        code = octets_at(messages, i, 0, 2)
        w[KIND, n] = MODE_AC
        w[MODE_3A, n] = (code >> 12 & 7) << 9 | (code >> 8 & 7) << 6 | (code >> 4 & 7) << 3 | (code & 7)
    else:
        read_head(messages, i, heads, now_ns, aircraft, w, r, n)
        if heads[i, 0] == 11:
            w[INTERROGATOR, n] = heads[i, 3]
    rows.done[MODES] = n + 1


@lent
def read_comm_b(
    messages: Octets,
    i: Int,
    heads: Ints,
    now_ns: Int,
    aircraft: Aircraft,
    weights: NDArray[np.float64],
    rows: Rows,
) -> None:
    """One reply with a register."""
    n = rows.done[COMM_B]
    w, r = rows.cb_whole, rows.cb_real
    row = read_head(messages, i, heads, now_ns, aircraft, w, r, n)
    mb = octets_at(messages, i, 4, 7)
    rows.cb_bits[0, n] = mb
    if mb != 0:
        speed, track, climb = np.nan, np.nan, np.nan
        if w[PROVEN, n] == 1 and since(now_ns, aircraft.whole[row, of.VELOCITY_AT]) <= sq.VELOCITY_NS:
            north, east = aircraft.real[row, of.NORTH], aircraft.real[row, of.EAST]
            speed, track = np.sqrt(north * north + east * east), np.degrees(np.arctan2(east, north))
            climb = aircraft.real[row, of.UP]
        register, sure = reg.infer(mb, speed, track, climb, r[PRESSURE, n], weights)
        r[SURE, n] = sure
        if register >= 0:
            w[REGISTER, n] = register
            reg.read_register(mb, register, r, VALUES, w, CODES, n)
            if register == reg.B20 and mb & ((1 << 48) - 1):
                rows.cb_bits[1, n] = mb & ((1 << 48) - 1)
                if w[PROVEN, n] == 1:
                    aircraft.whole[row, of.NAME] = rows.cb_bits[1, n]
                    aircraft.whole[row, of.NAME_AT] = stamp(now_ns)
    rows.done[COMM_B] = n + 1


@kernel
def read_messages(
    messages: Octets,
    verdict: NDArray[np.int8],
    heads: Ints,
    time_ns: Ints,
    begin: Int,
    near: NDArray[np.float64],
    aircraft: Aircraft,
    rows: Rows,
) -> int:
    """Read messages from `begin` on; give the one at which an aircraft had no room, or their end.

    messages  (N, 14)  octets
    verdict, heads     of `modes_check.check`
    time_ns   (N,)     by one clock, whichever; NO_TIME where unknown
    near      (2,)     deg  where the receiver stands; NaN where unknown
    aircraft           what was heard before; changed
    rows               filled on; -1 and NaN must stand where nothing is filled
    """
    weights = np.zeros(reg.REGISTERS)
    for i in range(begin, messages.shape[0]):
        if aircraft.counts[of.KNOWN] * 2 >= aircraft.key.size:
            return i
        if verdict[i] == ADSB:
            read_squitter(messages, i, heads, time_ns[i], aircraft, near, rows)
        elif verdict[i] == MODES:
            read_reply(messages, i, heads, time_ns[i], aircraft, rows)
        elif verdict[i] == COMM_B:
            read_comm_b(messages, i, heads, time_ns[i], aircraft, weights, rows)
    return messages.shape[0]
