import datetime

import pytest

from asman.apps.days import day_in_name


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("tower-2020-10-02.ast", datetime.date(2020, 10, 2)),
        ("20201002_0800.pcap", datetime.date(2020, 10, 2)),
        ("run-2020-13-41-20210304.ast", datetime.date(2021, 3, 4)),
        ("radar-120201002.ast", None),
        ("radar.ast", None),
    ],
)
def test_a_name_may_spell_the_day(name: str, day: datetime.date | None):
    assert day_in_name(name) == day
