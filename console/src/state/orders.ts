/** Orders that partners notice: each is asked about first, in words that say what it does. */

import { resumptionWords, suspensionWords, type Agreement } from "../model/sharing.ts";
import type { Workplace } from "./workplace.ts";

/** `ordered` is called when the person has confirmed. */
export function askToSuspend(w: Workplace, agreement: Agreement, ordered: () => void = () => {}): void {
  w.ask({
    title: `Suspend ${agreement.id}?`,
    words: suspensionWords(agreement, w.member),
    action: `Suspend ${agreement.id}`,
    wantsReason: true,
    run: (reason) => {
      ordered();
      void w.sharing.suspend(agreement.id, reason).then((refusal) => say(w, refusal, `${agreement.id} is suspended`));
    },
  });
}

export function askToResume(w: Workplace, agreement: Agreement, ordered: () => void = () => {}): void {
  w.ask({
    title: `Resume ${agreement.id}?`,
    words: resumptionWords(agreement, w.member),
    action: `Resume ${agreement.id}`,
    wantsReason: false,
    run: () => {
      ordered();
      void w.sharing.resume(agreement.id).then((refusal) => say(w, refusal, `${agreement.id}: ${w.member}'s suspension is lifted`));
    },
  });
}

export function askToLift(w: Workplace, partner: string, why: string): void {
  w.ask({
    title: `Lift the quarantine of ${partner}?`,
    words: [
      `${partner} was put into quarantine by this node: ${why}`,
      `From now on what ${partner} sends is checked and taken again. If it goes against the agreement once more, the quarantine comes back.`,
      "It is recorded who lifted it.",
    ],
    action: "Lift the quarantine",
    wantsReason: false,
    run: () => void w.sharing.lift(partner).then((refusal) => say(w, refusal, `The quarantine of ${partner} is lifted`)),
  });
}

function say(w: Workplace, refusal: string, done: string): void {
  w.say(refusal ? `Refused: ${refusal}` : done);
}
