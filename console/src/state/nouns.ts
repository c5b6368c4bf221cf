/** What members say beside tracks, asked for while the link to the node is open; and what the operator says of a track. */

import type { PartnerNouns, PartnerSensor, Task, Warning } from "../model/nouns.ts";
import { node } from "./node-api.ts";

const EVERY_MS = 2000;

export class Nouns {
  warnings: readonly Warning[] = [];
  tasks: readonly Task[] = [];
  partners: readonly PartnerNouns[] = [];
  /** Partner -> how its sensors do, as it says. */
  sensors: ReadonlyMap<string, readonly PartnerSensor[]> = new Map();
  failure = "";
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;

  constructor(private readonly changed: () => void) {}

  start(): void {
    if (this.running) return;
    this.running = true;
    void this.ask();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }

  private async ask(): Promise<void> {
    try {
      const [warnings, tasks, partners] = await Promise.all([node<Warning[]>("api/warnings"), node<Task[]>("api/tasks"), node<PartnerNouns[]>("api/partners")]);
      const telling = partners.filter(({ held }) => (held["health"] ?? 0) > 0);
      const health = await Promise.all(telling.map(({ member }) => node<{ rows: PartnerSensor[] }>(`api/partners/${encodeURIComponent(member)}/health`)));
      this.sensors = new Map(telling.map(({ member }, k) => [member, health[k]!.rows]));
      this.warnings = warnings;
      this.tasks = tasks;
      this.partners = partners;
      this.failure = "";
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
    this.changed();
    if (this.running) this.timer = setTimeout(() => void this.ask(), EVERY_MS);
  }
}

/** Tell the node what a person decides of a track; returns why it was refused, or nothing. */
export function decide(track: number, what: "pair" | "unpair" | "automatic" | "identity" | "handover" | "propose", body: unknown): Promise<string> {
  return order(`api/tracks/${track}/${what}`, body);
}

/** Answer a partner's proposal; returns why that was refused, or nothing. */
export function reply(origin: string, number: number, verb: "accept" | "reject"): Promise<string> {
  return order(`api/tasks/${encodeURIComponent(origin)}/${number}/${verb}`, {});
}

async function order(path: string, body: unknown): Promise<string> {
  try {
    await node(path, { body });
    return "";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
