/**
 * What is shared with whom: the node's agreements and links, asked for while the link to the node is open, and the
 * operator's orders about them.
 */

import type { Agreement, PartnerLink } from "../model/sharing.ts";
import { readSharing } from "../model/told.ts";
import { node } from "./node-api.ts";

const EVERY_MS = 1000;

export class Sharing {
  agreements: readonly Agreement[] = [];
  links: readonly PartnerLink[] = [];
  /** Whether the node has answered. */
  known = false;
  failure = "";
  /** What keeps the node from releasing anything; empty: nothing. */
  problem = "";
  /** Id of the agreement, or the partner, that an order is on its way about. */
  busy: string | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private running = false;

  constructor(
    private readonly member: () => string,
    private readonly changed: () => void,
  ) {}

  /** Ask from now on; again after `stop`. */
  start(): void {
    if (this.running) return;
    this.running = true;
    void this.ask();
  }

  stop(): void {
    this.running = false;
    clearTimeout(this.timer);
  }

  suspend(agreement: string, reason: string): Promise<string> {
    return this.order(agreement, `api/agreements/${encodeURIComponent(agreement)}/suspend`, { reason });
  }

  resume(agreement: string): Promise<string> {
    return this.order(agreement, `api/agreements/${encodeURIComponent(agreement)}/resume`, {});
  }

  lift(partner: string): Promise<string> {
    return this.order(partner, `api/links/${encodeURIComponent(partner)}/lift`, {});
  }

  /** Give an order; returns why it was refused, or nothing. */
  private async order(about: string, path: string, body: unknown): Promise<string> {
    this.busy = about;
    this.changed();
    try {
      await node(path, { body });
      return "";
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      this.busy = null;
      await this.refresh();
    }
  }

  private async ask(): Promise<void> {
    await this.refresh();
    if (this.running) this.timer = setTimeout(() => void this.ask(), EVERY_MS);
  }

  private async refresh(): Promise<void> {
    try {
      const told = readSharing(await node<unknown>("api/agreements"), this.member());
      this.agreements = told.agreements;
      this.links = told.links;
      this.problem = told.problem;
      this.known = true;
      this.failure = "";
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
    this.changed();
  }
}
