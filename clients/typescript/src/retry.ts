/** How often and how patiently an unanswered call is sent again. */
export interface RetryPolicy {
  /** In all, the first included; 1 never repeats. 4 by default. */
  attempts: number;
  /** The wait after the first attempt is at most this, then doubles; milliseconds, 250 by default. */
  baseMs: number;
  /** No wait is longer. A server that asks for a longer one is not asked again. Milliseconds, 10,000 by default. */
  capMs: number;
}

export const defaultRetry: RetryPolicy = { attempts: 4, baseMs: 250, capMs: 10_000 };

/**
 * delay is how long to wait after attempt (from 1), or undefined when it is no use to ask again. It is random over the whole
 * range, so that clients that failed together do not come back together, and never less than the server asked for.
 */
export function delay(policy: RetryPolicy, attempt: number, retryAfterMs: number, random: () => number): number | undefined {
  if (attempt >= policy.attempts || retryAfterMs > policy.capMs) {
    return undefined;
  }
  const spread = Math.min(policy.capMs, policy.baseMs * 2 ** (attempt - 1));
  return Math.min(policy.capMs, retryAfterMs + random() * spread);
}

/** retryAfter reads the header, seconds or a date (RFC 9110 §10.2.3), as milliseconds from now; 0 when there is none. */
export function retryAfter(header: string | null, now: number): number {
  if (header === null || header.trim() === "") {
    return 0;
  }
  const ms = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? 0 : Math.max(0, ms);
}

/** sleep waits; an aborted signal ends it with the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    if (signal?.aborted) {
      stop();
    }
    signal?.addEventListener("abort", stop, { once: true });
  });
}
