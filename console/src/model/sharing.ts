/** What a node says of its agreements and of the links to its partners, and what an operator is to be told of it. */

export interface Giving {
  readonly to: readonly string[];
  readonly what: readonly string[];
  /** One or two sentences. */
  readonly words: string;
}

export interface Getting {
  readonly from: string;
  readonly what: readonly string[];
  readonly words: string;
}

export type AgreementState = "draft" | "ratified" | "active" | "suspended" | "expired";

export interface Agreement {
  readonly id: string;
  readonly title: string;
  readonly hash: string;
  readonly parties: readonly string[];
  readonly state: AgreementState;
  /** First and last day, YYYY-MM-DD. */
  readonly from: string;
  readonly to: string;
  /** Parties that have not signed. */
  readonly unsigned: readonly string[];
  readonly suspended_by: readonly string[];
  /** What the latest statement of a party gave as its reason. */
  readonly reason: string;
  readonly gives: readonly Giving[];
  readonly gets: readonly Getting[];
  /** Why the terms are not those of a real treaty; empty: they are. */
  readonly illustrative: string;
}

export interface Traffic {
  readonly batches: number;
  readonly rows: number;
  readonly octets: number;
}

/** idle: the partner is reached, but nothing is agreed or it is suspended. */
export type LinkCondition = "up" | "idle" | "down" | "never" | "quarantined";

export interface PartnerLink {
  readonly partner: string;
  readonly condition: LinkCondition;
  /** The condition as the node calls it. */
  readonly words: string;
  readonly problem: string;
  readonly agreements: readonly string[];
  /** When the partner's latest batch was sealed, UTC epoch seconds. */
  readonly last_heard_s: number | null;
  readonly delay_s: number | null;
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Batches that the partner has not acknowledged yet, that waited too long, that a suspension took back, that it says are gone. */
  readonly waiting: number;
  readonly dropped: number;
  readonly purged: number;
  readonly missing: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Rows that did not leave for it since the node's start, by reason. */
  readonly withheld: Readonly<Record<string, number>>;
  /** Why nothing more is taken of it; empty: it is. */
  readonly quarantine: string;
}

/** An agreement that ends within this many days is spoken of. */
export const EXPIRING_DAYS = 180;
const DAY_MS = 86_400_000;

/** Whole days until an agreement ends; NaN where its end is not a date. */
export function daysLeft(agreement: Agreement, nowS: number): number {
  return Math.floor((Date.parse(`${agreement.to.slice(0, 10)}T00:00:00Z`) - nowS * 1000) / DAY_MS);
}

export function expiringSoon(agreement: Agreement, nowS: number): boolean {
  const days = daysLeft(agreement, nowS);
  return (agreement.state === "active" || agreement.state === "suspended") && days >= 0 && days <= EXPIRING_DAYS;
}

export const partnersOf = (agreement: Agreement, member: string): string[] => agreement.parties.filter((party) => party !== member);

/** "KG", "KG and RU", "AM, BY and KG". */
export function listed(names: readonly string[]): string {
  return names.length < 2 ? (names[0] ?? "") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)!}`;
}

/** Classes of data of all grants, each once. */
const classes = (grants: readonly { readonly what: readonly string[] }[]): string => listed([...new Set(grants.flatMap((grant) => grant.what))]);

/** What a suspension by `member` does, sentence by sentence. */
export function suspensionWords(agreement: Agreement, member: string): string[] {
  const partners = listed(partnersOf(agreement, member));
  const words: string[] = [];
  if (agreement.gives.length > 0) words.push(`${member} at once stops giving ${partners} its ${classes(agreement.gives)} under ${agreement.id}; what is on its way is not sent again.`);
  for (const { from, what } of agreement.gets) words.push(`${from}'s ${listed(what)} under it leave this picture within a second.`);
  words.push(`What other agreements give goes on. The suspension also binds: nothing that ${agreement.id} withholds leaves under another agreement.`);
  words.push(`${partners} ${partnersOf(agreement, member).length > 1 ? "are" : "is"} told, and it is recorded who did it. ${member} alone can lift it.`);
  return words;
}

/** What a resumption by `member` does. */
export function resumptionWords(agreement: Agreement, member: string): string[] {
  const partners = listed(partnersOf(agreement, member));
  const words: string[] = [];
  if (agreement.gives.length > 0) words.push(`${member} gives ${partners} its ${classes(agreement.gives)} under ${agreement.id} again, from now on.`);
  for (const { from, what } of agreement.gets) words.push(`${from}'s ${listed(what)} under it come back with what ${from} sends next.`);
  words.push(`It is recorded who did it. A suspension by ${partners} would stand all the same.`);
  return words;
}

export interface Alarm {
  /** The same as long as the same thing is wrong. */
  readonly key: string;
  readonly severity: "warning" | "caution";
  readonly head: string;
  readonly words: string;
  /** A partner in quarantine, which a person may lift. */
  readonly lift: string | null;
}

/** What must not be missed, the gravest first. */
export function alarms(agreements: readonly Agreement[], links: readonly PartnerLink[], member: string): Alarm[] {
  const found: Alarm[] = [];
  for (const link of links) {
    const { partner } = link;
    if (link.condition === "quarantined") {
      const words = `${link.quarantine || "it sent outside of its terms"}. Nothing of it is taken until a person lifts the quarantine.`;
      found.push({ key: `quarantine ${partner}`, severity: "warning", head: `${partner} IN QUARANTINE`, words, lift: partner });
    } else if (link.condition === "down") {
      const words = `${link.problem ? `${link.problem}. ` : ""}Its contributions are no longer kept up; ${member}'s own picture goes on.`;
      found.push({ key: `link ${partner}`, severity: "warning", head: `LINK TO ${partner} LOST`, words, lift: null });
    }
  }
  for (const agreement of agreements) {
    if (agreement.state !== "suspended") continue;
    const words = `By ${listed(agreement.suspended_by) || "a party"}${agreement.reason ? `: “${agreement.reason}”` : ""}. Nothing is given or taken under it.`;
    found.push({ key: `suspended ${agreement.id}`, severity: "caution", head: `${agreement.id} SUSPENDED`, words, lift: null });
  }
  return found.toSorted((a, b) => Number(a.severity === "caution") - Number(b.severity === "caution"));
}

/** Reasons with their counts, the most frequent first. */
export function counted(reasons: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(reasons).filter(([, count]) => count > 0).toSorted(([, a], [, b]) => b - a);
}

export const total = (reasons: Readonly<Record<string, number>>): number => Object.values(reasons).reduce((sum, count) => sum + count, 0);
