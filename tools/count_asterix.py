"""Count the records of real recordings with libasterix, which shares no code with Asman's decoder.

    .venv/bin/python tools/count_asterix.py        writes tests/golden/asterix_counts.json (some minutes)

One entry a recording: category -> edition, records, and blocks that failed. A record that holds no item is a
failure too: libasterix lets it pass, but it says nothing, and usually is what stands behind the data. The
framing is read here by plain slices, so that it is checked as well.
"""

import json
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from asterix import base, generated

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT / "tests" / "golden" / "asterix_counts.json"
#: recordings of an edition that is not the newest; said by whoever made them
EDITIONS = {"jasterix--cat021ed0.26.bin": {21: (0, 26)}}


def blocks(octets: bytes) -> Iterator[bytes]:
    """Give the data blocks of a stretch of octets; then, empty, whether there is a rest that is none."""
    while octets:
        size = int.from_bytes(octets[1:3], "big") if len(octets) >= 3 else 0
        if size < 3 or size > len(octets):
            yield b""
            return
        yield octets[:size]
        octets = octets[size:]


def payloads(octets: bytes) -> Iterator[bytes]:
    """Give what a recording's frames hold: UDP payloads of pcap on Ethernet, GPS frames, or everything."""
    if octets[:4] == b"\xd4\xc3\xb2\xa1":
        at = 24
        while at < len(octets):
            kept = struct.unpack_from("<I", octets, at + 8)[0]
            packet = octets[at + 16 : at + 16 + kept]
            ip = packet[14:]
            if packet[12:14] == b"\x08\x00" and ip[9] == 17:
                udp = ip[(ip[0] & 15) * 4 :]
                yield udp[8 : int.from_bytes(udp[4:6], "big")]
            at += 16 + kept
    elif octets[:16] == b"\xcd" * 16:
        rest = octets[2200:]
        while rest:
            size = int.from_bytes(rest[1:3], "big")
            yield rest[:size]
            rest = rest[size + 10 :]
    elif octets[-4:] == b"\xa5" * 4 and int.from_bytes(octets[:2], "big") <= len(octets):
        rest = octets
        while rest:
            size = int.from_bytes(rest[:2], "big")
            yield rest[8 : size - 4]
            rest = rest[size:]
    else:
        yield octets


def records(edition: Any, octets: bytes) -> tuple[int, bool]:
    """Count the records of a block's contents, up to the first that fails; tell whether one did."""
    profile = edition.cv_uap
    several = not hasattr(profile, "cv_record")
    bits, count = base.Bits.from_bytes(octets), 0
    while len(bits):
        kinds = profile.cv_uaps if several else {"": profile.cv_record}
        for name, kind in kinds.items():
            result = kind._parse(base.ParsingMode.StrictParsing, bits)
            if not isinstance(result, ValueError) and (not several or _selected(profile, result[0]) == name):
                break
        else:
            return count, True
        if result[0].is_empty():
            return count, True
        count += 1
        bits = result[1]
    return count, False


def _number(edition: Any) -> tuple[int, int]:
    return edition.cv_edition


def _selected(profile: Any, record: Any) -> str | None:
    """Name the UAP that a record's own contents choose."""
    path, uaps = profile.cv_selector
    item = record._get_item(path[0])
    if item is None:
        return None
    variation = item.arg.arg
    for name in path[1:]:
        found = variation._get_item(name)
        variation = found.arg if hasattr(found, "arg") else found
    return uaps.get(variation.as_uint())


def count(path: Path) -> dict[str, dict[str, Any]]:
    """Count one recording."""
    chosen = EDITIONS.get(path.name, {})
    counts: dict[str, dict[str, Any]] = {}
    for payload in payloads(path.read_bytes()):
        for block in blocks(payload):
            category = block[0] if block else -1
            known = generated.manifest["CATS"].get(category)
            if known is None:
                entry = counts.setdefault(
                    "none" if not block else f"CAT{category:03}", {"records": 0, "failed": 0}
                )
                entry["failed"] += 1
                continue
            edition = next(
                (one for one in known if one.cv_edition == chosen.get(category)),
                max(known, key=_number),
            )
            name = ".".join(map(str, edition.cv_edition))
            entry = counts.setdefault(f"CAT{category:03}", {"edition": name, "records": 0, "failed": 0})
            found, failed = records(edition, block[3:])
            entry["records"] += found
            entry["failed"] += failed
    return dict(sorted(counts.items()))


def main() -> int:
    """Count every recording, and write the golden table."""
    folder = Path(os.environ.get("ASMAN_SHARED", ROOT.parent / "shared")) / "data" / "asterix"
    if not folder.is_dir():
        print(
            f"no real recordings at {folder}: set ASMAN_SHARED to the folder that holds data/",
            file=sys.stderr,
        )
        return 2
    counts: dict[str, Any] = {}
    for path in sorted(folder.rglob("*.*")):
        counts[str(path.relative_to(folder))] = count(path)
        print(path.name, counts[str(path.relative_to(folder))], flush=True)
    GOLDEN.write_text(json.dumps(counts, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
