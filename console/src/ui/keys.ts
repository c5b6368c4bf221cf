/** What a key does. The same list stands in the help. */

import { next, TRAIL_MINUTES, VECTOR_MINUTES } from "../model/settings.ts";
import type { Workplace } from "../state/workplace.ts";

export interface KeyActions {
  togglePlay(): void;
  shiftSpeed(steps: number): void;
  skip(seconds: number): void;
  help(): void;
  filter(): void;
}

const SKIP_S = 60;

/** Do what a key stands for; says whether it stands for anything. */
export function keyAction(key: string, w: Workplace, actions: KeyActions): boolean {
  const { settings } = w;
  const does: Record<string, () => unknown> = {
    " ": () => actions.togglePlay(),
    ",": () => actions.shiftSpeed(-1),
    ".": () => actions.shiftSpeed(1),
    "[": () => actions.skip(-SKIP_S),
    "]": () => actions.skip(SKIP_S),
    "?": () => actions.help(),
    "/": () => actions.filter(),
    j: () => w.step(1),
    k: () => w.step(-1),
    c: () => w.centre(),
    z: () => w.fit(),
    m: () => w.setMeasuring(!w.measuring),
    l: () => w.change({ labels: !settings.labels }),
    v: () => w.change({ vectorMinutes: next(VECTOR_MINUTES, settings.vectorMinutes) }),
    h: () => w.change({ trailMinutes: next(TRAIL_MINUTES, settings.trailMinutes) }),
    a: () => w.federated && w.open("agreements"),
    p: () => w.federated && w.open("partners"),
    w: () => w.federated && w.viewAs(w.partners[w.partners.indexOf(w.viewed?.member ?? "") + 1] ?? null),
    s: () => w.change({ sensors: !settings.sensors }),
    r: () => w.change({ rings: !settings.rings }),
    g: () => w.change({ graticule: !settings.graticule }),
    t: () => w.change({ table: !settings.table }),
    d: () => w.change({ dock: !settings.dock }),
    n: () => w.change({ palette: settings.palette === "night" ? "day" : "night" }),
    Escape: () => (w.measuring ? w.setMeasuring(false) : w.selected === null && w.viewed !== null ? w.viewAs(null) : w.select(null)),
  };
  const action = does[key.length === 1 ? key.toLowerCase() : key];
  action?.();
  return action !== undefined;
}
