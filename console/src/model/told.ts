/**
 * What `GET /api/agreements` answers, and what the console makes of it. The node tells states as its own parts call
 * them; here they become the few that an operator acts upon. What does not have the promised shape is refused.
 */

import type { Agreement, AgreementState, LinkCondition, PartnerLink } from "./sharing.ts";

interface ToldGrant {
  readonly giver: string;
  readonly to: readonly string[];
  readonly what: readonly string[];
  readonly words: string;
}

interface ToldAgreement {
  readonly id: string;
  readonly title: string;
  readonly hash: string;
  readonly parties: readonly string[];
  readonly state: AgreementState;
  readonly first_day?: string;
  readonly begins_s: number;
  readonly last_day: string;
  readonly unsigned: readonly string[];
  /** Pairs: who has suspended what goes towards whom. */
  readonly stopped: readonly (readonly [string, string])[];
  readonly grants?: readonly ToldGrant[];
  readonly illustrative?: string;
  readonly gives_to: readonly string[];
  readonly takes_from: readonly string[];
  readonly reason: string;
}

interface ToldLink {
  readonly member: string;
  readonly state: string;
  readonly sent: number;
  readonly sent_rows: number;
  readonly sent_octets: number;
  readonly waiting: number;
  readonly discarded: number;
  readonly purged: number;
  readonly taken: number;
  readonly rows: number;
  readonly octets: number;
  readonly missing: number;
  readonly rejected: Readonly<Record<string, number>>;
  readonly quarantined: string;
  readonly last_s: number | null;
  readonly lag_s: number;
  readonly problem?: string;
}

interface Told {
  readonly time_s: number;
  readonly problem: string;
  readonly agreements: readonly ToldAgreement[];
  readonly links: readonly ToldLink[];
  readonly withheld: readonly { readonly member: string; readonly rows: Readonly<Record<string, number>> }[];
}

export interface SharingPicture {
  readonly agreements: readonly Agreement[];
  readonly links: readonly PartnerLink[];
  /** What keeps the node from releasing; empty: nothing. */
  readonly problem: string;
}

/** The answer is not of the shape that docs/reference/api.md promises. */
export class ToldError extends Error {
  override readonly name = "ToldError";
}

/** Reasons of the guard by their names; the sentence is the guard's own. */
const WITHHELD: Readonly<Record<string, string>> = {
  NO_AGREEMENT: "no agreement with that member is active",
  SUSPENDED: "the agreement is suspended",
  NOT_GRANTED: "no grant is about it",
  NO_PLACE: "nobody knows where it is, and the grants are bounded by volumes",
  OUTSIDE: "it is outside of the volumes that the grants name",
  EXCEPTED: "its identity or category is excepted: own state aircraft, for instance",
  RESTRICTED: "it is where, or what, an exception or exclusion withholds",
  DELAYED: "it is not old enough yet",
  TOO_OFTEN: "the track was released less than the agreed interval before",
  VERBATIM: "it is another member's, and our own terms would alter it",
  AUDIENCE: "it rests on what other members gave, and may not go on to that member",
  GIVEN_UP: "too much was waiting for its delay",
};

/** A partner that was heard and then is silent for this long has lost its link. */
const SILENT_S = 6;

/** Read the node's answer for `member`'s console. Throws ToldError. */
export function readSharing(answer: unknown, member: string): SharingPicture {
  const told = answer as Told;
  if (!Array.isArray(told?.agreements) || !Array.isArray(told.links) || !Array.isArray(told.withheld)) {
    throw new ToldError("the node's answer on agreements is not what it should be");
  }
  const withheld = new Map(told.withheld.map(({ member: partner, rows }) => [partner, rows]));
  return {
    problem: told.problem,
    agreements: told.agreements.map((one) => readAgreement(one, member)),
    links: told.links.map((one) => readLink(one, told, worded(withheld.get(one.member) ?? {}))),
  };
}

function readAgreement(told: ToldAgreement, member: string): Agreement {
  const grants = told.grants ?? [];
  return {
    id: told.id,
    title: told.title,
    hash: told.hash,
    parties: told.parties,
    state: told.state,
    from: told.first_day ?? new Date(told.begins_s * 1000).toISOString().slice(0, 10),
    to: told.last_day,
    unsigned: told.unsigned,
    suspended_by: told.state === "suspended" ? [...new Set(told.stopped.map(([by]) => by))] : [],
    reason: told.reason,
    gives: grants.filter((grant) => grant.giver === member).map(({ to, what, words }) => ({ to, what, words })),
    gets: grants.filter((grant) => grant.giver !== member && grant.to.includes(member)).map(({ giver, what, words }) => ({ from: giver, what, words })),
    illustrative: told.illustrative ?? "",
  };
}

function readLink(told: ToldLink, all: Told, withheld: Readonly<Record<string, number>>): PartnerLink {
  return {
    partner: told.member,
    condition: conditionOf(told, all.time_s),
    words: told.state,
    agreements: all.agreements.filter((one) => one.parties.includes(told.member)).map((one) => one.id),
    problem: told.problem ?? "",
    last_heard_s: told.last_s,
    delay_s: told.last_s === null ? null : told.lag_s,
    sent: { batches: told.sent, rows: told.sent_rows, octets: told.sent_octets },
    received: { batches: told.taken, rows: told.rows, octets: told.octets },
    waiting: told.waiting,
    dropped: told.discarded,
    purged: told.purged,
    missing: told.missing,
    rejected: told.rejected,
    withheld,
    quarantine: told.quarantined,
  };
}

function conditionOf(told: ToldLink, nowS: number): LinkCondition {
  if (told.quarantined) return "quarantined";
  const silent = told.last_s === null || nowS - told.last_s > SILENT_S;
  if (told.state === "flowing" || told.state === "quiet") return "up";
  if (told.state === "not active") return "idle";
  if (told.state.startsWith("refused")) return "down";
  if (told.state === "no contact") return told.last_s === null ? "never" : silent ? "down" : "up";
  return told.last_s === null ? "never" : silent ? "down" : "up";
}

function worded(reasons: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(reasons).map(([name, rows]) => [WITHHELD[name] ?? name, rows]));
}
