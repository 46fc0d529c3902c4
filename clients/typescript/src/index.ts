/** @fitkit/shared: the FitKit API's types and a small client, made from docs/openapi.yaml. */
export { FitKit, type ClientOptions } from "./client.js";
export { FitKitError, Problem, Unanswered, type Code, type OperationId, type ProblemBody } from "./errors.js";
export { operations } from "./operations.js";
export type { RetryPolicy } from "./retry.js";
export type { CallOptions, Input, Item, ListId, Output } from "./types.js";
export type { components, paths } from "./schema.js";
