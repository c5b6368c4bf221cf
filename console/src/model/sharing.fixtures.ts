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
  suspended_by: null,
  gives: [{ to: ["RU"], what: ["tracks", "warnings"], where: "common-area", words: "KG gives RU tracks and warnings." }],
  gets: [{ from: "RU", what: ["tracks"], where: null, words: "RU gives KG tracks." }],
  illustrative: true,
  ...changed,
});

export const link = (changed: Partial<PartnerLink> = {}): PartnerLink => ({
  partner: "RU",
  state: "up",
  since_s: 0,
  agreements: ["kg-ru-2023"],
  last_sent_s: 0,
  last_heard_s: 0,
  delay_s: 0.01,
  sent: { batches: 1, rows: 2, octets: 3 },
  received: { batches: 1, rows: 2, octets: 3 },
  rejected: {},
  withheld: {},
  released_now: 0,
  quarantine: null,
  dropped: 0,
  ...changed,
});
