"""Who writes a scenario is told which file, which key, and what to do."""

from pathlib import Path

import pytest

from asman.apps.scenarios import begin, find
from asman.errors import InputError


@pytest.mark.parametrize(
    ("written", "wrong", "refusal"),
    [
        ("airliners = ", "airlines = ", r"^mine\.toml: traffic: airlines: unknown key.*'airliners'"),
        ('callsign = "KZR929"', 'calsign = "KZR929"',
         r"^mine\.toml: flight\[0\]: calsign: unknown key.*'callsign'"),
        ('icao = "UCFO"', 'icao = "UCFX"', r"^mine\.toml: airport\[2\]: 'UCFX' says no place.*'UCF"),
        ('mode_3a = "2000"', 'mode_3a = "2080"',
         r"^mine\.toml: event\[4\]\.mode_3a: '2080' is not four octal digits"),
        ('code = "7700"', 'code = "7701"', r"^mine\.toml: event\[0\]\.code: .*'7701'"),
        ('kind = "emergency"', 'kind = "emergancy"', r"^mine\.toml: event\[0\]: kind.*'emergency'"),
        ('who = "flight:SILENT"', 'who = "flight:SILENCE"', r"border: event\[1\]\.who.*'SILENT'"),
        ('who = "flight:SILENT"', 'who = "callsign:VSV752"',
         r"border: event\[1\]\.who.*nobody has this callsign"),
        ('who = "flight:SILENT"', 'who = "helicopter:99"', r"helicopter:1 to helicopter:6"),
        ("seed = 707\n", "\n", r"^mine\.toml: the key 'seed' is missing"),
        ("seed = 707", 'seed = "707"', r"^mine\.toml: seed: Expected 'int', got 'str'"),
        ("begin = 2026-06-07T08:00:00Z", 'begin = "soon"',
         r"^mine\.toml: begin: is no date.*2026-06-01T04:00:00Z"),
        ('parties = ["RU", "KZ"]', 'parties = ["RU", "KX"]',
         r"agreement\[1\]\.parties: no \[\[member\]\] 'KX'.*'KZ'"),
        ('base_of = "KG"', 'base_of = "KR"', r"airport\[0\]\.base_of: no \[\[member\]\] 'KR'"),
        ("sac = 211\nsic = 3", "sac = 211\nsic = 1",
         r"sensor\[2\] \(KG-KARAKOL\)\.sic: SAC 211 SIC 1 is also KG-MANAS"),
        ("sac = 211\nsic = 3", "sac = 411\nsic = 3", r"sensor\[2\]\.sac: must be 0 to 255, not 411"),
        ("airliners = 60", "airliners = -60", r"traffic\.airliners: must be 0 to 1,000,000, not -60"),
        ("dark = 0.5", "dark = 50", r"border\[0\]\.dark: must be 0 to 1, not 50"),
        ("[73.57, 43.03]", "[43.03, 93.57]", r"border\[0\]\.line\[0\]: must be -90 to 90.*longitude first"),
        ("west_deg = 70.5", "west_deg = 90.5", r"area: ends before it begins"),
        ("lat_deg = 43.045", "lat_deg = 143.045", r"sensor\[0\]\.lat_deg: must be -90 to 90, not 143\.045"),
        ("duration_s = 1200.0", "duration_s = -5.0", r"duration_s: must be 1 to"),
        ("address = 0x683020", "address = 0x1683020", r"flight\[0\]\.address: must be 0x000000 to 0xFFFFFF"),
        ('callsign = "KZR929"', 'callsign = "KZR-929"', r"flight\[0\] \(DISTRESS\)\.callsign: 'KZR-929'"),
        ("psr_range_m = 110e3", 'psr_range_m = "far"', r"effects\.KG-MANAS\.psr_range_m: Expected 'float'"),
    ],
)  # fmt: skip
def test_who_writes_a_scenario_is_told_where_and_what_is_wrong(
    tmp_path: Path, written: str, wrong: str, refusal: str
):
    text = find("border").text
    assert written in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(written, wrong, 1))
    with pytest.raises(InputError, match=refusal):
        begin(find(path))
