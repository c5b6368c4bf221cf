/** Questions and orders to the node that served this page, as JSON. */

const PATIENCE_MS = 15_000;

/** The node's answer of a refusal, or of an address that it does not know. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  constructor(
    readonly status: number,
    reason: string,
  ) {
    super(reason);
  }
}

/** Ask `path`, or order it when there is a `body`. Throws NodeError with the node's own words. */
export async function node<T>(path: string, options: { signal?: AbortSignal; body?: unknown } = {}): Promise<T> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const answer = await fetch(path, {
    signal: options.signal ? AbortSignal.any([options.signal, patience]) : patience,
    headers: { accept: "application/json", ...(options.body === undefined ? {} : { "content-type": "application/json" }) },
    ...(options.body === undefined ? {} : { method: "POST", body: JSON.stringify(options.body) }),
  });
  const body: unknown = await answer.json().catch(() => ({}));
  if (answer.ok) return body as T;
  const { detail } = body as { detail?: unknown };
  throw new NodeError(answer.status, typeof detail === "string" ? detail : `the node answers ${answer.status}`);
}
