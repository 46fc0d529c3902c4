import type { OperationId } from "./errors.js";
import { operations, type Operation } from "./operations.js";

/** Input as the client passes it on, its types already checked at the call. */
export interface Parts {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
}

/**
 * address is where an operation is sent: under the base URL, or at its function's own URL when one is known. An operation
 * whose front door is a function URL has no other address.
 */
export function address(id: OperationId, parts: Parts, baseUrl: string, functionUrls: Partial<Record<OperationId, string>>): string {
  const operation: Operation = operations[id];
  const base = functionUrls[id] ?? (operation.front === "api" ? baseUrl : undefined);
  if (base === undefined) {
    throw new TypeError(`${id} answers at a function URL: give it in functionUrls. The outputs of the deployment list it.`);
  }
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) => segment(id, name, parts.path?.[name]));
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parts.query ?? {})) {
    if (value !== undefined && value !== null) {
      query.append(name, String(value));
    }
  }
  const suffix = query.size > 0 ? `?${query}` : "";
  return base.replace(/\/+$/, "") + path + suffix;
}

/** segment refuses what would reach another route. */
function segment(id: OperationId, name: string, value: unknown): string {
  const text = value === undefined || value === null ? "" : String(value);
  if (text === "" || text === "." || text === "..") {
    throw new TypeError(`${id}: path.${name} is missing`);
  }
  return encodeURIComponent(text);
}
