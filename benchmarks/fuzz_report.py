"""Fuzz every format, and write what came of it into docs/explanation/hostile-input.md.

    python -m benchmarks.fuzz_report                    100,000 inputs
    python -m benchmarks.fuzz_report 1000000 7 8 9      a million of each seed
    python -m benchmarks.fuzz_report --of RESULT ...    of results that a worker printed before

A rate is inputs a second of processor time, checks included; half of it is the checks.
"""

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from tests.fuzz import watch

PAGE = Path(__file__).resolve().parent.parent / "docs" / "explanation" / "hostile-input.md"
BEGIN, END = "<!-- figures: python -m benchmarks.fuzz_report -->", "<!-- end of figures -->"
#: Reasons of a format that are shown.
SHOWN = 4


def joined(results: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Add up the results of several seeds, by format."""
    out: dict[str, dict[str, Any]] = {}
    for result in results:
        for name, entry in result["formats"].items():
            told = Counter(out.get(name, {}).get("told", {})) + Counter(_plain(entry["told"]))
            sums = {
                key: out.get(name, {}).get(key, 0) + entry[key]
                for key in ("inputs", "octets", "judge_s", "make_s")
            }
            failures = out.get(name, {}).get("failures", 0) + len(entry["failures"])
            out[name] = {**sums, "failures": failures, "told": dict(told.most_common())}
    return out


def _plain(told: dict[str, int]) -> Counter[str]:
    """Reasons without the names of categories, items and numbers in them."""
    out: Counter[str] = Counter()
    for words, count in told.items():
        begin, _, rest = words.partition(": ")
        kept = rest if begin.startswith("CAT") and rest else words
        if begin.startswith("CAT"):
            kept = kept.split(": ")[-1]
            for common in ("goes past the end of its block", "is longer than the specification allows"):
                kept = f"an item or a field specification {common}" if kept.endswith(common) else kept
        if words.startswith("packet of a link layer"):
            kept = words.partition(" (type")[0]
        if words.startswith("a contribution of"):
            kept = "a contribution whose length is not that of its rows"
        out["category without published specification" if kept.startswith("category ") else kept] += count
    return out


def table(formats: dict[str, dict[str, Any]]) -> str:
    """The figures as a Markdown table."""
    lines = [
        "| format | inputs | MB | inputs/s | harm | what came of them, most frequent first |",
        "|---|---:|---:|---:|---:|---|",
    ]
    for name, entry in formats.items():
        told = "; ".join(f"{words} {count:,}" for words, count in list(entry["told"].items())[:SHOWN])
        rate = entry["inputs"] / max(entry["judge_s"], 1e-9)
        lines.append(
            f"| {name} | {entry['inputs']:,} | {entry['octets'] / 1e6:,.1f} | {rate:,.0f} | "
            f"{entry['failures']} | {told} |"
        )
    inputs, octets, harm = (
        sum(entry[key] for entry in formats.values()) for key in ("inputs", "octets", "failures")
    )
    seconds = sum(entry["judge_s"] for entry in formats.values())
    lines.append(
        f"| **all** | {inputs:,} | {octets / 1e6:,.1f} | {inputs / max(seconds, 1e-9):,.0f} | {harm} | |"
    )
    return "\n".join(lines)


def write(formats: dict[str, dict[str, Any]], results: list[dict[str, Any]]) -> None:
    """Put the table into the page."""
    seeds = ", ".join(str(result["seed"]) for result in results)
    peak = max(result["peak_octets"] for result in results) / 1e6
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    said = f"Seeds {seeds}; largest process {peak:,.0f} MB.\n\n{table(formats)}"
    PAGE.write_text(f"{before}{BEGIN}\n\n{said}\n\n{END}{after}", encoding="utf-8")


def main(arguments: list[str]) -> int:
    """Run or read, print, write."""
    if arguments[:1] == ["--of"]:
        results = [json.loads(Path(one).read_text().splitlines()[-1]) for one in arguments[1:]]
    else:
        total, *seeds = (int(one) for one in arguments or ["100000"])
        results = [watch.run(seed, total) for seed in seeds or [1]]
    formats = joined(results)
    print(table(formats))
    write(formats, results)
    failures = [one for result in results for one in result.get("failures", [])]
    for one in failures:
        print(f"{one.get('format')}: {one['error']}; kept as {one.get('kept')}")
    return int(bool(failures) or any(entry["failures"] for entry in formats.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
