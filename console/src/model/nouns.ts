/** What members say beside tracks: warnings, identities, what a partner's sensors do. Each with its author. */

/** One of ours, or of a partner's: `origin` says whose. */
export interface Warning {
  readonly origin: string;
  readonly number: number;
  readonly code: string;
  readonly severity: string;
  readonly state: string;
  readonly text: string;
  /** In this picture; null where it is about none of its tracks. */
  readonly track: number | null;
  readonly simulated: boolean;
  readonly began_s: number;
  readonly last_s: number;
  readonly agreements: readonly string[];
}

export interface Identity {
  readonly origin: string;
  readonly value: string;
  readonly category: string;
  readonly criteria: string;
  readonly human: boolean;
  readonly by: string;
  readonly at_s: number;
  readonly shared: boolean;
  readonly agreements: readonly string[];
}

/** A proposal between members that `to` reports a track, and what was answered. */
export interface Task {
  readonly origin: string;
  readonly to: string;
  readonly number: number;
  readonly state: string;
  readonly track: number | null;
  readonly reason: string;
  readonly at_s: number;
  readonly deadline_s: number | null;
}

/** What is kept of a partner beside tracks: rows by class. */
export interface PartnerNouns {
  readonly member: string;
  readonly held: Readonly<Record<string, number>>;
  readonly dropped: number;
}

export interface PartnerSensor {
  readonly sensor: string;
  readonly kind: string;
  readonly state: string;
  readonly plots_per_s: number | null;
  readonly last_s: number;
}

export const IDENTITIES = ["pending", "unknown", "assumed_friend", "friend", "neutral", "suspect", "hostile"] as const;
export const CATEGORIES = ["unspecified", "civil", "state", "unmanned"] as const;
const BLOCK = 1e9;
const RANK: Readonly<Record<string, number>> = { WARNING: 0, CAUTION: 1, ADVISORY: 2 };

/** "ASSUMED FRIEND". */
export const identityWords = (value: string): string => value.replaceAll("_", " ").toUpperCase();

const closed = (one: Warning): number => Number(one.state === "closed");

/** Open ones first, then the gravest, then the latest. */
export function inOrder(warnings: readonly Warning[]): Warning[] {
  return warnings.toSorted((a, b) => closed(a) - closed(b) || (RANK[a.severity] ?? 3) - (RANK[b.severity] ?? 3) || b.began_s - a.began_s);
}

export const openOnes = (warnings: readonly Warning[]): Warning[] => warnings.filter((one) => one.state !== "closed");

/** A track as the console writes it, "17" or "12/17", as its number; null where it is none. */
export function readTrack(text: string): number | null {
  const found = /^\s*#?(?:(\d{1,5})\/)?(\d{1,15})\s*$/.exec(text);
  if (!found) return null;
  return found[1] === undefined ? Number(found[2]) : Number(found[1]) * BLOCK + Number(found[2]);
}

/** Whether what members hold it to be cannot all be so. */
export function conflict(identities: readonly Identity[]): boolean {
  const side = new Set(identities.map(({ value }) => (value === "suspect" || value === "hostile" ? "against" : value === "friend" || value === "assumed_friend" ? "for" : value === "neutral" ? "neither" : "")));
  side.delete("");
  return side.size > 1;
}
