"""How live it is: a recording in the console after the command, and 5,000 simulated aircraft in one node.

The console's own first question is `/api/picture`; a recording is live when that holds a track. The demo's
node reports how far its reasoning lags behind its feeds (`behind_s`) and what any queue dropped.
"""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.figure import figure
from benchmarks.run import shared_data

TOKEN = "benchmark"
PORT = 18600
AIRCRAFT = 5000
WATCH_S = 60.0
PATIENCE_S = 180.0


def ask(path: str, port: int = PORT) -> Any:
    """Return what the node answers, None while it does not."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Authorization": f"Bearer {TOKEN}"}
    )
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)
    except (urllib.error.URLError, OSError, ValueError):
        return None


def start(*words: str) -> "subprocess.Popen[bytes]":
    """Start an asman command that serves on our port."""
    command = [
        sys.executable,
        "-m",
        "asman.apps.main",
        *words,
        "--no-open",
        "--token",
        TOKEN,
        "--port",
        str(PORT),
    ]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def end(child: "subprocess.Popen[bytes]") -> None:
    """End a command by its process id, and wait for it."""
    child.terminate()
    child.wait(20)


def replay_s(recording: Path, sensors: Path) -> float:
    """Seconds from the command to a picture that holds a track."""
    began = time.perf_counter()
    child = start("replay", str(recording), "--sensors", str(sensors))
    try:
        while time.perf_counter() - began < PATIENCE_S:
            picture = ask("/api/picture")
            if picture and picture["features"]:
                return time.perf_counter() - began
            time.sleep(0.02)
    finally:
        end(child)
    raise RuntimeError(f"no track of {recording.name} within {PATIENCE_S} s")


def crowd() -> dict[str, float]:
    """Watch one node under 5,000 simulated aircraft; return the worst that its health said."""
    child = start("demo", "--members", "KG", "--aircraft", str(AIRCRAFT))
    try:
        began = time.perf_counter()
        while not (ask("/api/health") or {}).get("confirmed") and time.perf_counter() - began < PATIENCE_S:
            time.sleep(0.2)
        seen: list[dict[str, Any]] = []
        until = time.perf_counter() + WATCH_S
        while time.perf_counter() < until:
            health = ask("/api/health")
            seen += [health] if health else []
            time.sleep(1.0)
    finally:
        end(child)
    if not seen:
        raise RuntimeError("the node never answered")
    settled = seen[len(seen) // 3 :]
    return {
        "behind_s": max(one["behind_s"] for one in settled),
        "dropped": float(settled[-1]["dropped"]),
        "confirmed": float(settled[-1]["confirmed"]),
        "plots_per_s": float(settled[-1]["plots_per_s"]),
    }


def run() -> list[dict[str, Any]]:
    """Measure the largest recording (median of three warm starts) and the crowd."""
    figures: list[dict[str, Any]] = []
    data = shared_data()
    if data is None:
        print("live: no real recordings beside the project, the replay is left out")
    else:
        largest = max(
            (data / "asterix").iterdir(), key=lambda path: path.stat().st_size if path.is_file() else 0
        )
        sensors = Path(__file__).resolve().parent.parent / "examples/sensors/barcelona.toml"
        replay_once = [replay_s(largest, sensors) for _ in range(4)][1:]
        figures.append(
            figure(f"{largest.name} live in the console, warm", sorted(replay_once)[1], "s", floor=5.0)
        )
    worst = crowd()
    figures += [
        figure(f"{AIRCRAFT} aircraft: tracks confirmed in one node", worst["confirmed"], "tracks"),
        figure(f"{AIRCRAFT} aircraft: plots", worst["plots_per_s"], "plots/s"),
        figure(f"{AIRCRAFT} aircraft: reasoning behind its feeds, worst", worst["behind_s"], "s", floor=2.0),
        figure(f"{AIRCRAFT} aircraft: dropped", worst["dropped"], "datagrams", floor=0.0),
    ]
    return figures
