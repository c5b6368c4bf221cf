/**
 * A guided tour of what a member sees, gives and withholds, on the running picture. The words that a step shows follow the
 * picture; what it does is what the operator could do by hand.
 */

import { counted, listed, total, type Agreement, type PartnerLink } from "../model/sharing.ts";
import { grouped } from "../model/format.ts";
import { wallClockS } from "../worker/protocol.ts";
import { askToResume, askToSuspend } from "./orders.ts";
import type { Workplace } from "./workplace.ts";

export interface Step {
  readonly title: string;
  /** Paragraphs, from the picture as it is now. */
  words(w: Workplace): readonly string[];
  /** Shown when the step begins. */
  enter(w: Workplace): void;
  /** What must hold as long as it lasts, while tracks come and go. */
  keep?(w: Workplace): void;
  /** What the operator may do in it. */
  act?(w: Workplace): { readonly words: string; readonly run: () => void } | null;
  /** What came of it; empty: nothing yet. */
  outcome?(w: Workplace, tour: Tour): string;
  /** Members whose consoles are worth opening. */
  readonly consoles?: readonly string[];
}

/** How long after an order the last track of a partner left, or the first came back. */
interface Observation {
  readonly member: string;
  readonly orderedS: number;
  readonly before: number;
  readonly goal: "gone" | "back";
  tookS: number | null;
}

export class Tour {
  at = -1;
  steps: readonly Step[] = [];
  private observed: Observation | null = null;

  constructor(
    private readonly w: Workplace,
    private readonly changed: () => void,
  ) {}

  get step(): Step | null {
    return this.steps[this.at] ?? null;
  }

  begin(): void {
    this.steps = stepsFor(this.w);
    this.go(0);
  }

  end(): void {
    this.at = -1;
    plain(this.w);
    this.changed();
  }

  go(to: number): void {
    if (to < 0) return;
    if (to >= this.steps.length) return this.end();
    this.at = to;
    this.observed = null;
    this.step?.enter(this.w);
    this.changed();
  }

  /** An order about an agreement was given: watch what becomes of the partners' tracks. */
  ordered(agreement: Agreement, goal: "gone" | "back"): void {
    const member = agreement.gets[0]?.from ?? agreement.parties.find((party) => party !== this.w.member) ?? "";
    this.observed = { member, orderedS: wallClockS(), before: countOf(this.w, member), goal, tookS: null };
  }

  /** New counts of tracks came. */
  watch(): void {
    this.step?.keep?.(this.w);
    const { observed } = this;
    if (observed === null || observed.tookS !== null) return;
    const count = countOf(this.w, observed.member);
    if (observed.goal === "gone" ? count > 0 : count === 0) return;
    observed.tookS = wallClockS() - observed.orderedS;
    this.changed();
  }

  get outcome(): string {
    const { observed } = this;
    if (observed === null) return "";
    const { member, before, goal, tookS } = observed;
    if (tookS === null) return goal === "gone" ? `Ordered. ${countOf(this.w, member)} tracks of ${member} are still here …` : `Ordered. Waiting for what ${member} sends …`;
    if (goal === "back") return `${member}'s tracks are back ${tookS.toFixed(1)} s after the order.`;
    return `${before} tracks of ${member} left the picture ${tookS.toFixed(1)} s after the order.`;
  }
}

const countOf = (w: Workplace, member: string): number => w.origins[w.members.indexOf(member)] ?? 0;
const withPartner = (w: Workplace, partner: string): Agreement | undefined =>
  w.sharing.agreements.find((agreement) => agreement.parties.includes(partner) && agreement.parties.includes(w.member));
const linkTo = (w: Workplace, partner: string): PartnerLink | undefined => w.sharing.links.find((link) => link.partner === partner);

/** Nothing chosen: our own, whole picture. */
function plain(w: Workplace): void {
  w.viewAs(null);
  w.setFilter("");
  w.select(null);
  w.show("tracks");
}

/** The tour of this member's console: of the first partner with whom there is an agreement, and of those with whom there is none. */
export function stepsFor(w: Workplace): Step[] {
  const me = w.member;
  const partner = w.sharing.links.map((link) => link.partner).find((name) => withPartner(w, name)) ?? w.partners.find((name) => withPartner(w, name)) ?? w.partners[0] ?? "";
  const peers = (w.hello?.peers ?? []).map((peer) => peer.member).filter((member) => member !== me);
  const strangers = peers.filter((member) => !withPartner(w, member));
  return [
    own(me), gets(me, partner), clauses(me, partner), withheld(me, partner),
    ...strangers.map((stranger) => apart(me, partner, stranger)), suspend(me, partner), resume(me, partner), last(peers),
  ];
}

const own = (me: string): Step => ({
  title: `${me}'s picture`,
  words: (w) => [
    `This is the node of ${me}. It has its own radars, keys and operators; there is no centre above it.`,
    `${countOf(w, me)} tracks are ${me}'s own: each carries the badge ${me}. The rest is what partners contribute. The legend at the top right counts them.`,
  ],
  enter: plain,
});

const gets = (me: string, partner: string): Step => ({
  title: `What ${partner} contributes`,
  words: (w) => [
    `Only what ${partner} is responsible for is shown now: ${countOf(w, partner)} tracks. ${me}'s own sensors do not see them, or not as well.`,
    "One is selected. Under “Who contributed” at the right: whose it is, under which agreement it came, how well it is known, how old it is, and who holds reporting responsibility.",
  ],
  enter: (w) => {
    w.viewAs(null);
    w.setFilter(`origin:${partner.toLowerCase()}`);
    w.select(null);
    w.show("tracks");
    if (!w.settings.dock) w.change({ dock: true });
  },
  // The first row of the table as it is filtered now, if there is one yet: also where the selected one ended or is ours now.
  keep: (w) => {
    const gone = w.detail !== null && w.detail.track === w.selected && (w.detail.droppedS !== null || w.detail.filtered);
    if (w.selected === null || gone) w.step(1);
  },
});

const clauses = (me: string, partner: string): Step => ({
  title: "The agreement",
  words: (w) => {
    const agreement = withPartner(w, partner);
    if (!agreement) return [`There is no agreement between ${me} and ${partner}: nothing goes either way.`];
    return [
      `All of it rests on ${agreement.id}, signed by ${listed(agreement.parties)}. Lawyers read it and machines keep it: at the right is the same document in plain words.`,
      agreement.illustrative ? "Its terms are illustrative: the public record gives no more than parties, dates and the site." : "What it does not grant does not leave.",
    ];
  },
  enter: (w) => {
    w.viewAs(null);
    w.setFilter("");
    w.open("agreements");
  },
});

const withheld = (me: string, partner: string): Step => ({
  title: `What ${me} withholds`,
  words: (w) => {
    const reasons = counted(linkTo(w, partner)?.withheld ?? {});
    const seen = w.viewed?.seen;
    const counts = seen ? `${me} gives it ${seen.both} tracks; ${seen.theirs} are ${partner}'s own; ${seen.onlyWe} it does not see: they are faint and hollow. ` : "";
    const why = reasons.length > 0 ? `Why rows stay here: ${reasons.slice(0, 4).map(([reason, rows]) => `${reason} (${grouped(rows)})`).join("; ")}.` : "";
    return [
      `The map now shows the picture as ${partner} may see it, as the magenta band says. ${counts}What is not granted does not leave: own state aircraft, for instance, and what is outside of the agreed volume.`,
      `${why} Click a hollow one: “Who sees it” gives the reason for that track.`,
    ];
  },
  enter: (w) => {
    w.setFilter("");
    w.select(null);
    w.open("partners");
    w.viewAs(partner);
  },
});

const apart = (me: string, partner: string, stranger: string): Step => ({
  title: `${stranger} gets nothing`,
  words: (w) => {
    const through = linkTo(w, partner) ? ` ${partner} may have an agreement with ${stranger}, but what ${me} gives ${partner} is not ${partner}'s to pass on.` : "";
    return [
      `${me} and ${stranger} have no agreement, so there is no link between them.${through}`,
      `Open ${stranger}'s console beside this one and type origin:${me.toLowerCase()} into its filter: nothing of ${me} is there.`,
    ];
  },
  consoles: [stranger],
  enter: plain,
});

const suspend = (me: string, partner: string): Step => ({
  title: "Suspend it",
  words: (w) => {
    const agreement = withPartner(w, partner);
    return [
      `Any party may suspend alone and at once. Suspend ${agreement?.id ?? "the agreement"} and watch ${partner}'s tracks leave the map; ${me}'s own stay.`,
      `${partner}'s console loses ${me}'s at the same moment.`,
    ];
  },
  enter: (w) => {
    plain(w);
    w.open("agreements");
  },
  act: (w) => order(w, partner, "active", "gone"),
  outcome: (_, tour) => tour.outcome,
});

const resume = (me: string, partner: string): Step => ({
  title: "Resume it",
  words: () => [`Only ${me} can lift ${me}'s suspension. What ${partner} sees now comes back; what happened meanwhile is not sent afterwards.`],
  enter: (w) => w.open("agreements"),
  act: (w) => order(w, partner, "suspended", "back"),
  outcome: (_, tour) => tour.outcome,
});

const last = (peers: readonly string[]): Step => ({
  title: "That is all",
  words: (w) => {
    const released = w.sharing.links.reduce((sum, link) => sum + link.sent.rows, 0);
    const kept = w.sharing.links.reduce((sum, link) => sum + total(link.withheld), 0);
    return [
      `So far ${grouped(released)} rows were released to partners and ${grouped(kept)} withheld; every one of them stands in the signed account that asman audit verifies.`,
      `The other members' consoles have this tour as well, each of its own side. Keys: W as a partner sees it, A agreements, P partners, ? all.`,
    ];
  },
  consoles: peers,
  enter: plain,
});

/** A button that asks before it does it, and watches what follows. */
function order(w: Workplace, partner: string, state: "active" | "suspended", goal: "gone" | "back"): { words: string; run: () => void } | null {
  const agreement = withPartner(w, partner);
  if (agreement?.state !== state) return null;
  const ask = state === "active" ? askToSuspend : askToResume;
  return {
    words: `${state === "active" ? "❚❚ Suspend" : "▶ Resume"} ${agreement.id} …`,
    run: () => ask(w, agreement, () => w.tour.ordered(agreement, goal)),
  };
}
