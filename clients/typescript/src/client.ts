import { Problem, Unanswered, type OperationId, type ProblemBody } from "./errors.js";
import { operations, type Operation } from "./operations.js";
import { address, type Parts } from "./request.js";
import { defaultRetry, delay, retryAfter, sleep, type RetryPolicy } from "./retry.js";
import type { Arguments, CallOptions, Input, Item, ListId, Output } from "./types.js";

/** How a client is set up. */
export interface ClientOptions {
  /** Of the API, such as https://api.fitkit.example. */
  baseUrl: string;
  /** Addresses of operations with a function URL, from the deployment's outputs. */
  functionUrls?: Partial<Record<OperationId, string>>;
  /**
   * Gives the session token for the next attempt, such as () => clerk.session.getToken(). Clerk's tokens live for a minute, so
   * it is asked each time and caches by itself. null sends none.
   */
  token?: () => string | null | Promise<string | null>;
  /** The studio of a member's calls; staff tokens name theirs. */
  org?: string;
  retry?: Partial<RetryPolicy>;
  /** Of one attempt, milliseconds; 35,000 by default, above the API's own 30 s. */
  timeoutMs?: number;
  /** The platform's fetch by default. */
  fetch?: typeof fetch;
  /** Waits between attempts; for tests. */
  wait?: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** What all attempts of a call are sent under. */
interface Ids {
  key: string | undefined;
  correlationId: string;
}

/** What one attempt came to: an answer, or a failure that may be worth another attempt. */
type Attempt = { ok: true; value: unknown } | { ok: false; error: Problem | Unanswered; again: boolean };

/** FitKit calls the API. It keeps no state but its settings, so one serves a whole application. */
export class FitKit {
  private readonly retry: RetryPolicy;

  constructor(private readonly options: ClientOptions) {
    this.retry = { ...defaultRetry, ...options.retry };
  }

  /**
   * call sends an operation. It throws Problem when the API refuses, Unanswered when no readable answer came, and the
   * signal's reason when the caller ended it. Reads, and writes under one Idempotency-Key, are sent again while that may help.
   */
  async call<Id extends OperationId>(id: Id, ...[input, options = {}]: Arguments<Id>): Promise<Output<Id>> {
    const parts = (input ?? {}) as Parts;
    const url = address(id, parts, this.options.baseUrl, this.options.functionUrls ?? {});
    const key = operations[id].repeat === "key" ? (options.idempotencyKey ?? crypto.randomUUID()) : undefined;
    const ids = { key, correlationId: options.correlationId ?? crypto.randomUUID() };
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.attempt(id, url, parts.body, ids, options);
      if (outcome.ok) {
        return outcome.value as Output<Id>;
      }
      const ms = outcome.again ? delay(this.retry, attempt, outcome.error.retryAfterMs, Math.random) : undefined;
      if (ms === undefined) {
        throw outcome.error;
      }
      await (this.options.wait ?? sleep)(ms, options.signal);
    }
  }

  /** pages reads a list page by page, from the input's cursor on. */
  async *pages<Id extends ListId>(id: Id, ...[input, options]: Arguments<Id>): AsyncGenerator<Output<Id>, void, undefined> {
    for (let cursor: string | undefined, first = true; first || cursor; first = false) {
      const from = first ? input : { ...input, query: { ...(input as Parts | undefined)?.query, cursor } };
      const page = await this.call(id, ...([from as Input<Id>, options] as unknown as Arguments<Id>));
      yield page;
      cursor = (page as { next_cursor?: string }).next_cursor;
    }
  }

  /** items reads a list row by row, asking for the next page when it is needed. */
  async *items<Id extends ListId>(id: Id, ...rest: Arguments<Id>): AsyncGenerator<Item<Id>, void, undefined> {
    for await (const page of this.pages(id, ...rest)) {
      yield* (page as unknown as { items: Item<Id>[] }).items;
    }
  }

  private async attempt(id: OperationId, url: string, body: unknown, ids: Ids, options: CallOptions): Promise<Attempt> {
    options.signal?.throwIfAborted();
    const headers = await this.headers(body, ids, options);
    const end = AbortSignal.timeout(this.options.timeoutMs ?? 35_000);
    const signal = options.signal ? AbortSignal.any([options.signal, end]) : end;
    const operation: Operation = operations[id];
    const repeatable = operation.repeat !== "never";
    try {
      const send = this.options.fetch ?? fetch;
      const response = await send(url, {
        method: operation.method, headers, signal, redirect: "error", ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return await read(id, ids, repeatable, response);
    } catch (cause) {
      options.signal?.throwIfAborted();
      const sent = { correlationId: ids.correlationId, retryAfterMs: 0 };
      return { ok: false, error: new Unanswered(id, undefined, ids.key, sent, { cause }), again: repeatable };
    }
  }

  private async headers(body: unknown, ids: Ids, options: CallOptions): Promise<Headers> {
    const headers = new Headers({ accept: "application/json, application/problem+json", "x-correlation-id": ids.correlationId });
    const token = await this.options.token?.();
    const org = options.org ?? this.options.org;
    if (token) headers.set("authorization", `Bearer ${token}`);
    if (org) headers.set("fitkit-org", org);
    if (ids.key) headers.set("idempotency-key", ids.key);
    if (body !== undefined) headers.set("content-type", "application/json");
    return headers;
  }
}

/** read turns a response into an outcome. A body that is cut throws, as a connection that is cut before it does. */
async function read(id: OperationId, ids: Ids, repeatable: boolean, response: Response): Promise<Attempt> {
  const text = await response.text();
  // An id that the API does not take is answered under a new one.
  const sent = {
    correlationId: response.headers.get("x-correlation-id") ?? ids.correlationId,
    retryAfterMs: retryAfter(response.headers.get("retry-after"), Date.now()),
  };
  const json = parse(text);
  if (response.ok && (json !== undefined || text === "")) {
    return { ok: true, value: json };
  }
  if (!response.ok && isProblem(json)) {
    return { ok: false, error: new Problem(id, json, sent), again: repeatable && mayPass(json) };
  }
  const transient = response.ok || response.status >= 500 || response.status === 429;
  return { ok: false, error: new Unanswered(id, response.status, ids.key, sent), again: repeatable && transient };
}

/** mayPass says whether the same request may be answered otherwise in a moment. What FitKit calls internal would not be. */
function mayPass(problem: ProblemBody): boolean {
  return problem.status === 429 || problem.status === 503 || problem.code === "idempotency.in_progress";
}

function isProblem(json: unknown): json is ProblemBody {
  return typeof json === "object" && json !== null && typeof (json as ProblemBody).code === "string" && typeof (json as ProblemBody).title === "string";
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
