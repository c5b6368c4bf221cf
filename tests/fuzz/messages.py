"""Mode S as receivers send it: Beast, AVR, SBS and aircraft.json, as pieces, each message an input."""

import json
from functools import cache
from random import Random

from tests.fuzz.pieces import COUNT, DATA, TEXT, Piece, Pieces, joined, mutated
from tests.wire.modes.test_decode import a_flight, frames
from tests.wire.modes.test_texts import DOCUMENT, SBS


@cache
def _beast() -> tuple[Pieces, ...]:
    out: list[Pieces] = []
    for message, second in zip(*a_flight(120), strict=True):
        one = frames([message], [second])
        out.append(
            [Piece(COUNT, one[:1]), Piece(COUNT, one[1:2]), Piece(DATA, one[2:9]), Piece(DATA, one[9:])]
        )
    out.append([Piece(COUNT, b"\x1a"), Piece(COUNT, b"4"), Piece(DATA, bytes(21))])
    out.append([Piece(COUNT, b"\x1a"), Piece(COUNT, b"\xe3"), Piece(DATA, bytes(range(8)))])
    out.append([Piece(COUNT, b"\x1a"), Piece(COUNT, b"1"), Piece(DATA, bytes(9))])
    return tuple(out)


@cache
def _avr() -> tuple[Pieces, ...]:
    out: list[Pieces] = []
    for k, (message, second) in enumerate(zip(*a_flight(120), strict=True)):
        stamp = b"%012x" % round((1.0 + second) * 12e6)
        head = ((b"*", b""), (b"@", stamp), (b"<", stamp + b"7f"))[k % 3]
        body = [Piece(TEXT, message[: k % 5].hex().encode()), Piece(TEXT, message[k % 5 :].hex().encode())]
        out.append([Piece(DATA, head[0]), Piece(TEXT, head[1]), *body, Piece(DATA, b";"), Piece(DATA, b"\n")])
    return tuple(out)


@cache
def _sbs() -> tuple[Pieces, ...]:
    return tuple(
        [
            *[piece for field in line.split(b",") for piece in (Piece(TEXT, field), Piece(DATA, b","))][:-1],
            Piece(DATA, b"\r\n"),
        ]
        for line in SBS.splitlines()
    )


@cache
def _readsb() -> Pieces:
    """One document, its keys and values words of their own."""
    text = json.dumps(DOCUMENT, indent=None)
    out: Pieces = []
    word = ""
    for letter in text + "\n":
        if letter in '{}[],:"\n':
            if word:
                out.append(Piece(TEXT, word.encode()))
            out.append(Piece(DATA, letter.encode()))
            word = ""
        else:
            word += letter
    return out


def streams(form: str, draw: Random, count: int) -> list[bytes]:
    """Messages of one form in a row, most of them mutated."""
    if form == "readsb":
        known: tuple[Pieces, ...] = (_readsb(),)
    else:
        known = {"beast": _beast, "avr": _avr, "sbs": _sbs}[form]()
    share = draw.choice((0.2, 0.7, 0.95))
    out: list[bytes] = []
    for k in range(count):
        one = known[k % len(known)]
        bad = draw.random() < share
        out.append(joined(mutated(one, draw, draw.choice(known), text=form != "beast") if bad else one))
    return out
