"""One figure of a benchmark, as it is printed and written."""

from typing import Any


def figure(
    name: str,
    value: float,
    unit: str,
    *,
    peer: str | None = None,
    peer_value: float | None = None,
    ratio: float | None = None,
    floor: float | None = None,
    target: float | None = None,
) -> dict[str, Any]:
    """Make one record of benchmarks/results.json.

    ratio   value / peer_value unless given: how many times the peer
    floor   what must be reached; for times the upper bound
    target  what we want to reach
    """
    if ratio is None and peer_value:
        ratio = value / peer_value
    return {
        "name": name,
        "value": value,
        "unit": unit,
        "peer": peer,
        "peer_value": peer_value,
        "ratio": ratio,
        "floor": floor,
        "target": target,
    }
