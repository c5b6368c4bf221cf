"""The process that is fuzzed: makes inputs, judges them, says before each batch which it is.

    python -m tests.fuzz.worker SEED INPUTS PROGRESS [FORMAT ...]     results as JSON
    python -m tests.fuzz.worker --replay CASE ...                     exit code 0 where all cases are survived

It may die or hang; `tests.fuzz.watch` notices.
"""

from asman.apps import warm

warm.prepare()

# ruff: noqa: E402
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from tests.fuzz import cases
from tests.fuzz.formats import FORMATS, make
from tests.fuzz.memory import Canaries, Guarded, canaries
from tests.fuzz.shrink import shrink

#: Peak memory may grow by so much in a batch, and by so many octets for each of its octets.
GROWTH_OCTETS, GROWTH_EACH = 300_000_000, 3000
#: A format that fails so often is known to be broken.
FAILURES_MAX = 5


def peak_octets() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


class Judge:
    """Judges batches, in guarded memory."""

    def __init__(self) -> None:
        self.memory = Guarded()
        self.marks: Canaries = canaries()

    def __call__(self, name: str, number: int, inputs: list[bytes]) -> Counter[str]:
        before = peak_octets()
        told = FORMATS[name].judge(number, inputs, self.memory)
        self.marks.check()
        most = GROWTH_OCTETS + GROWTH_EACH * sum(map(len, inputs))
        assert peak_octets() - before <= most, f"memory grew by over {most:,} octets"
        return told

    def error(self, name: str, number: int, inputs: list[bytes]) -> str:
        """What goes wrong, in a word that tells failures apart; empty for nothing."""
        try:
            self(name, number, inputs)
        except Exception as error:
            self.marks = canaries() if not isinstance(error, AssertionError) else self.marks
            return f"{type(error).__name__}: {' '.join(str(error).split()[:8])}"
        return ""


def run(seed: int, total: int, progress: Path, names: list[str]) -> dict[str, Any]:
    judge = Judge()
    result: dict[str, Any] = {"seed": seed, "formats": {}}
    shares = sum(FORMATS[name].share for name in names)
    for name in names:
        one = FORMATS[name]
        inputs = max(1, round(total * one.share / shares))
        # ASTERIX goes through its editions: small batches where there are few inputs.
        size = min(one.batch, max(1, -(-inputs // 136))) if name == "asterix" else one.batch
        entry: dict[str, Any] = {"inputs": 0, "octets": 0, "make_s": 0.0, "judge_s": 0.0, "failures": []}
        told: Counter[str] = Counter()
        number = 0
        while entry["inputs"] < inputs:
            progress.write_text(f"{name} {seed} {number} {size}")
            begin = time.process_time()
            some = make(name, seed, number, min(size, inputs - entry["inputs"]))
            made = time.process_time()
            try:
                told += judge(name, number, some)
            except Exception:
                failure = judge.error(name, number, some)
                entry["failures"].append(_failure(judge, name, number, some, failure))
                if len(entry["failures"]) >= FAILURES_MAX:
                    break
            entry["make_s"] += made - begin
            entry["judge_s"] += time.process_time() - made
            entry["inputs"] += len(some)
            entry["octets"] += sum(map(len, some))
            number += 1
        entry["told"] = dict(told.most_common())
        result["formats"][name] = entry
    result["peak_octets"] = peak_octets()
    return result


def _failure(judge: Judge, name: str, number: int, inputs: list[bytes], error: str) -> dict[str, Any]:
    if not error:
        return {"error": "not again: the failure depends on what came before", "number": number, "inputs": []}
    small = shrink(inputs, lambda some: judge.error(name, number, some) == error)
    return {"error": error, "number": number, "inputs": [one.hex() for one in small]}


def replay(paths: list[Path]) -> int:
    judge, bad = Judge(), 0
    for path in paths:
        case = cases.load(path)
        print(path.name, file=sys.stderr, flush=True)
        error = judge.error(case.format, case.number, list(case.inputs))
        if error:
            print(f"{path.name}: {error}")
            bad = 1
    return bad


def main(arguments: list[str]) -> int:
    np.seterr(over="ignore")
    if arguments[0] == "--replay":
        return replay([Path(one) for one in arguments[1:]])
    seed, total, progress, *names = arguments
    print(json.dumps(run(int(seed), int(total), Path(progress), names or list(FORMATS))))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
