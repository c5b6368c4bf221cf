/** Renders a Lit element anew when one of the topics it follows changes. Its workplace is set before it is connected. */

import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { Topic, Workplace } from "./workplace.ts";

export class Follow implements ReactiveController {
  private ends: (() => void)[] = [];

  constructor(
    private readonly host: ReactiveControllerHost & { readonly workplace: Workplace },
    private readonly topics: readonly Topic[],
  ) {}

  hostConnected(): void {
    this.ends = this.topics.map((topic) => this.host.workplace.on(topic, () => this.host.requestUpdate()));
  }

  hostDisconnected(): void {
    for (const end of this.ends) end();
    this.ends = [];
  }
}

/** Renders a Lit element anew every so often: for clocks and ages. */
export class Every implements ReactiveController {
  private timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly host: ReactiveControllerHost,
    private readonly ms: number,
  ) {}

  hostConnected(): void {
    this.timer = setInterval(() => this.host.requestUpdate(), this.ms);
  }

  hostDisconnected(): void {
    clearInterval(this.timer);
  }
}
