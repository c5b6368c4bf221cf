/** An agreement and a link as a node tells of them, for tests. */

import type { Agreement, PartnerLink } from "./sharing.ts";

export const agreement = (changed: Partial<Agreement> = {}): Agreement => ({
  id: "kg-ru-2023",
  title: "Joint Regional Air Defence System",
  hash: "ab12",
  parties: ["KG", "RU"],
  state: "active",
  from: "2023-10-11",
  to: "2028-10-10",
  unsigned: [],
  suspended_by: [],
  reason: "",
  gives: [{ to: ["RU"], what: ["tracks", "warnings"], words: "KG gives RU tracks and warnings." }],
  gets: [{ from: "RU", what: ["tracks"], words: "RU gives KG tracks." }],
  illustrative: "Only parties and dates are public.",
  ...changed,
});

export const link = (changed: Partial<PartnerLink> = {}): PartnerLink => ({
  partner: "RU",
  condition: "up",
  words: "flowing",
  problem: "",
  agreements: ["kg-ru-2023"],
  last_heard_s: 0,
  delay_s: 0.01,
  sent: { batches: 1, rows: 2, octets: 3 },
  received: { batches: 1, rows: 2, octets: 3 },
  waiting: 0,
  dropped: 0,
  purged: 0,
  missing: 0,
  rejected: {},
  withheld: {},
  quarantine: "",
  ...changed,
});
