"""What a recording of SAPIENT holds, in a screen: which nodes, what they sent, what has no place and why."""

from collections import Counter

from rich.console import Console
from rich.table import Table

from asman.apps.decode_modes import span
from asman.model.decoded import Decoded


def summarise(decoded: Decoded, console: Console) -> None:
    """Print times, what was given up, and a line a node."""
    detections, others = decoded.tables.get("SAPIENT"), decoded.tables.get("SAPIENT_NODE")
    sent = Counter[str](detections["node"].to_pylist() if detections is not None else ())
    unplaced = (
        Counter[str](one for one in detections["unplaced"].to_pylist() if one) if detections else Counter()
    )
    kinds: dict[str, Counter[str]] = {node: Counter() for node in sent}
    if others is not None:
        for node, kind in zip(others["node"].to_pylist(), others["kind"].to_pylist(), strict=True):
            kinds.setdefault(node, Counter())[kind] += 1
    console.print(f"times: {span(decoded, '')}", markup=False, soft_wrap=True)
    given_up = decoded.rejected.num_rows
    console.print(
        f"messages: {decoded.records:,}; given up: {given_up:,}; nodes: {len(kinds):,}", markup=False
    )
    for reason, count in unplaced.most_common():
        console.print(f"detections without a place: {count:,}: {reason}", markup=False, soft_wrap=True)
    table = Table("node", "detections", "other messages", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for node, some in kinds.items():
        told = ", ".join(f"{count:,} {kind}" for kind, count in some.most_common())
        table.add_row(node, f"{sent[node]:,}", told)
    console.print(table)
