"""A stand-in for a node with partners: agreements to be suspended, links, views; nothing of the project.

KG's node. Of its sky, the first third is RU's contribution under kg-ru-2023; RU may see KG's own tracks whose
number is even, and none of the others, which are friends.
"""

import time
from typing import Any

import numpy as np

from .stream_server import SENSORS, SNAPSHOT, StreamServer, tracks_frame

AGREEMENT: dict[str, Any] = {
    "id": "kg-ru-2023",
    "title": "Joint Regional Air Defence System",
    "hash": "9f2c51d1e8c04b7a",
    "parties": ["KG", "RU"],
    "state": "active",
    "first_day": "2023-10-11",
    "begins_s": 1_696_982_400.0,
    "ends_s": 1_854_489_600.0,
    "last_day": "2028-10-10",
    "unsigned": [],
    "stopped": [],
    "gone": [],
    "gives_to": ["RU"],
    "takes_from": ["RU"],
    "said": "",
    "reason": "",
    "illustrative": "The public record gives parties and dates only.",
    "grants": [
        {"giver": "KG", "to": ["RU"], "what": ["tracks", "warnings"], "words": "KG gives RU tracks."},
        {"giver": "RU", "to": ["KG"], "what": ["tracks"], "words": "RU gives KG tracks."},
    ],
}
LINK: dict[str, Any] = {
    "member": "RU",
    "address": "ru.example:4223",
    "key": "K",
    "state": "flowing",
    "sent": 40,
    "sent_rows": 2400,
    "sent_octets": 190_000,
    "waiting": 0,
    "discarded": 0,
    "purged": 0,
    "held_back": 0,
    "taken": 41,
    "rows": 1230,
    "octets": 99_000,
    "missing": 0,
    "rejected": {"a replayed batch": 1},
    "quarantined": "",
    "lag_s": 0.012,
    "grant_until_s": 0.0,
    "problem": "",
}
FRIEND = "its identity or category is excepted"


class SharingServer(StreamServer):
    """The stand-in; `orders` are what the console asked for."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.orders: list[tuple[str, dict[str, Any]]] = []
        self.agreement = dict(AGREEMENT)
        self.link = dict(LINK)
        self.peers = [{"member": "KZ", "url": "http://127.0.0.1:1/"}]
        self.whole = self.sky
        theirs = self.sky.track <= len(self.sky.track) / 3
        self.sky.origin = theirs.astype(np.uint8)

    def _hello(self) -> dict[str, Any]:
        return super()._hello() | {"members": ["KG", "RU"], "peers": self.peers}

    def act(self, path: str, body: dict[str, Any]) -> Any:
        """Follow an order. Posts come to the tests, which hand them on: the server of sockets knows none."""
        self.orders.append((path, body))
        self.do(lambda: self._act(path))
        return self.agreement

    async def _act(self, path: str) -> None:
        if path.endswith("/suspend"):
            self.agreement |= {
                "state": "suspended",
                "stopped": [["KG", "RU"]],
                "reason": self.orders[-1][1]["reason"],
            }
            gone = tuple(self.whole.track[self.whole.origin == 1])
            frame = tracks_frame(self.sky, self.time_s, 2, gone, self.whole.origin == 0)
            self.sky = self.whole.part(self.whole.origin == 0)
            await self._broadcast(frame)
        elif path.endswith("/resume"):
            self.agreement |= {"state": "active", "stopped": []}
            self.sky = self.whole
            await self._broadcast(tracks_frame(self.sky, self.time_s, SNAPSHOT))
        elif path.startswith("/api/links"):
            self.link["quarantined"] = ""

    def _view(self) -> dict[str, Any]:
        sky, features = self.sky, []
        if self.agreement["state"] == "suspended":
            return {"type": "FeatureCollection", "features": [], "reason": "the agreement is suspended"}
        stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.time_s))
        for k in np.flatnonzero((sky.origin == 0) & (sky.track % 2 == 0)):
            address = int(sky.address[k])
            features.append(
                {
                    "type": "Feature",
                    "geometry": {
                        "type": "Point",
                        "coordinates": [float(sky.lon_deg[k]), float(sky.lat_deg[k])],
                    },
                    "properties": {
                        "track": 500_000 + int(sky.track[k]),
                        "time": stamp,
                        "altitude_m": float(sky.altitude_m[k]),
                        "vn_mps": float(sky.vn_mps[k]),
                        "ve_mps": float(sky.ve_mps[k]),
                        "climb_mps": None,
                        "mode_3a": None if sky.mode_3a[k] == 0xFFFF else int(sky.mode_3a[k]),
                        "address": None if address == 0xFFFFFFFF else address,
                        "callsign": sky.callsign[k].decode() or None,
                        "origin": "KG",
                        "existence": 0.99,
                        "confirmed": True,
                    },
                }
            )
        return {"type": "FeatureCollection", "features": features}

    def _story(self, track: int) -> dict[str, Any]:
        theirs = track <= len(self.whole.track) / 3
        own = {
            "origin": "KG",
            "number": None,
            "agreements": [],
            "last_s": self.time_s - 2,
            "sigma_m": 62.0,
            "responsible": not theirs,
        }
        ru = {
            "origin": "RU",
            "number": 9_000_000 + track,
            "agreements": ["kg-ru-2023"],
            "last_s": self.time_s - 3,
            "sigma_m": 41.0,
            "responsible": True,
        }
        released = not theirs and track % 2 == 0
        why = "released" if released else FRIEND if not theirs else "it is another member's"
        return {
            "track": track,
            "contributors": ["RU/ENGELS"] if theirs else [SENSORS[0]["id"]],
            "sources": [ru, {**own, "number": track}] if theirs else [own],
            "identities": self.identities(track, theirs),
            "visible_to": [
                {"member": "RU", "agreement": "kg-ru-2023 grant 1", "why": why},
                {"member": "KZ", "agreement": None, "why": "no agreement with that member is active"},
            ],
        }

    def identities(self, track: int, theirs: bool) -> list[dict[str, Any]]:
        """RU holds its tracks to be suspect; KG what the console has said."""
        plain = {"criteria": "no flight plan", "human": True, "at_s": time.time() - 40, "expires_s": None}
        ru = {"origin": "RU", "value": "suspect", "category": "civil", "agreements": ["kg-ru-2023"],
              "by": "", "shared": False, **plain}  # fmt: skip
        said = [body for path, body in self.orders if path == f"/api/tracks/{track}/identity"]
        own = {"origin": "KG", "agreements": [], "by": "", **plain, **(said[-1] if said else {})}
        return ([own] if said and said[-1]["value"] else []) + ([ru] if theirs else [])

    def _warnings(self) -> list[dict[str, Any]]:
        plain = {"lat_deg": 42.5, "lon_deg": 74.5, "altitude_m": None, "simulated": True,
                 "last_s": time.time(), "began_s": time.time() - 75, "severity": "WARNING",
                 "state": "active"}  # fmt: skip
        numbers = [int(one) for one in self.whole.track]
        return [
            {**plain, "origin": "KG", "number": 1, "code": "EMERGENCY_7600", "track": numbers[-1],
             "text": "squawks 7600: radio failure", "agreements": []},
            {**plain, "origin": "RU", "number": 4, "code": "EMERGENCY_7700", "track": numbers[0],
             "text": "squawks 7700: emergency", "agreements": ["kg-ru-2023"]},
        ]  # fmt: skip

    def answer(self, path: str) -> Any:
        if path == "/api/warnings":
            return self._warnings()
        if path == "/api/tasks":
            answers = [one.rsplit("/", 1)[1] for one, _ in self.orders if one.startswith("/api/tasks/RU/6/")]
            asked = {"origin": "RU", "to": "KG", "number": 6, "subject": "handover",
                     "reason": "it flies to you",
                     "track": int(self.whole.track[0]), "by": "", "agreements": ["kg-ru-2023"],
                     "at_s": time.time() - 9, "deadline_s": time.time() + 100}  # fmt: skip
            return [asked | {"state": f"{answers[-1]}ed" if answers else "open"}]
        if path == "/api/partners":
            return [{"member": "RU", "held": {"health": 1, "warnings": 1, "plots": 240}, "dropped": 0}]
        if path == "/api/partners/RU/health":
            radar = {"sensor": "ENGELS", "kind": "ssr", "state": "silent", "plots_per_s": 0.4}
            return {"member": "RU", "what": "health", "rows": [{**radar, "last_s": time.time() - 3}]}
        if path == "/api/agreements":
            return {
                "member": "KG",
                "time_s": time.time(),
                "problem": "",
                "entries": 12,
                "agreements": [self.agreement],
                "links": [{"last_s": time.time(), **self.link}],
                "withheld": [{"member": "RU", "rows": {"EXCEPTED": 30, "OUTSIDE": 3}}],
            }
        if path.startswith("/api/view/"):
            return self._view()
        if path.startswith("/api/tracks/") and not path.endswith("/explain"):
            return super().answer(path) | self._story(int(path.rsplit("/", 1)[1]))
        return super().answer(path)
