/**
 * The text filter that the table and the map share. Words are joined by AND; a word fits when the callsign contains
 * it, or the address (hex), Mode 3/A code (octal) or track number begins with it. `fl>300`, `kt<150`, `age>10` compare;
 * `is:coasting`, `is:ground`, `is:primary` (heard from no transponder), `sensor:ID` and `origin:MEMBER` select; over another
 * member's picture `is:only-we`, `is:only-they` and `is:both` do. A minus before a word turns it round.
 */

import { Flag, UNKNOWN_ADDRESS, UNKNOWN_MODE_3A } from "./frame.ts";
import { addressHex, flightLevelOf, knots, squawk, trackNumber } from "./format.ts";
import type { Picture } from "./picture.ts";

export interface FilterContext {
  readonly picture: Picture;
  readonly nowS: number;
  /** Sensor id in lower case -> bit in `contributors`. */
  readonly sensorBit: ReadonlyMap<string, number>;
  /** The node's table of members, in lower case. */
  readonly members: readonly string[];
}

export type Filter = (slot: number, context: FilterContext) => boolean;

const COMPARISON = /^(fl|kt|age)(<|>|<=|>=)(-?\d+(?:\.\d+)?)$/;

/** A filter from what was typed; null when nothing was. */
export function parseFilter(text: string): Filter | null {
  const words = text.trim().toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const tests = words.map(parseWord);
  return (slot, context) => tests.every((test) => test(slot, context));
}

function parseWord(word: string): Filter {
  if (word.startsWith("-") && word.length > 1) {
    const test = parseWord(word.slice(1));
    return (slot, context) => !test(slot, context);
  }
  const comparison = COMPARISON.exec(word);
  if (comparison) return compare(comparison[1]!, comparison[2]!, Number(comparison[3]));
  if (word.startsWith("is:")) return select(word.slice(3));
  if (word.startsWith("sensor:")) return fromSensor(word.slice(7));
  if (word.startsWith("origin:")) return fromMember(word.slice(7));
  return matches(word);
}

function matches(word: string): Filter {
  const upper = word.toUpperCase();
  return (slot, { picture }) => {
    if (picture.callsigns[slot]!.includes(upper)) return true;
    const c = picture.columns;
    if (trackNumber(c.track[slot]!).startsWith(word)) return true;
    const address = c.address[slot]!;
    if (address !== UNKNOWN_ADDRESS && addressHex(address).startsWith(upper)) return true;
    const code = c.mode3a[slot]!;
    return code !== UNKNOWN_MODE_3A && squawk(code).startsWith(word);
  };
}

function compare(quantity: string, operator: string, bound: number): Filter {
  const value = (slot: number, { picture, nowS }: FilterContext): number => {
    const c = picture.columns;
    if (quantity === "fl") return flightLevelOf(c.altitudeM[slot]!);
    if (quantity === "kt") return knots(Math.hypot(c.vnMps[slot]!, c.veMps[slot]!));
    return nowS - c.lastPlotS[slot]!;
  };
  return (slot, context) => {
    const v = value(slot, context);
    if (operator === "<") return v < bound;
    if (operator === ">") return v > bound;
    return operator === "<=" ? v <= bound : v >= bound;
  };
}

function select(word: string): Filter {
  return (slot, { picture }) => {
    const c = picture.columns;
    const flags = c.flags[slot]!;
    if ("coasting".startsWith(word)) return (flags & Flag.coasting) !== 0;
    if ("ground".startsWith(word)) return (flags & Flag.onGround) !== 0;
    if ("simulated".startsWith(word)) return (flags & Flag.simulated) !== 0;
    if (word === "only-we") return (flags & Flag.onlyWe) !== 0;
    if (word === "only-they") return (flags & Flag.onlyThey) !== 0;
    if (word === "both") return (flags & (Flag.onlyWe | Flag.onlyThey)) === 0;
    if ("primary".startsWith(word)) {
      return c.address[slot] === UNKNOWN_ADDRESS && c.mode3a[slot] === UNKNOWN_MODE_3A;
    }
    return false;
  };
}

function fromSensor(id: string): Filter {
  return (slot, { picture, sensorBit }) => {
    for (const [name, bit] of sensorBit) {
      if (name.startsWith(id) && (picture.columns.contributors[slot]! >>> bit) & 1) return true;
    }
    return false;
  };
}

function fromMember(name: string): Filter {
  return (slot, { picture, members }) => members[picture.columns.origin[slot]!]?.startsWith(name) ?? false;
}
