import type { OwnCodes, SharedCode } from "./operations.js";
import type { components } from "./schema.js";

/** An operation's name, as docs/functions.md lists them. */
export type OperationId = keyof OwnCodes;

/** Every code that operation Id may be refused with; all operations' codes by default. */
export type Code<Id extends OperationId = OperationId> = SharedCode | OwnCodes[Id];

/** The body of a refusal, RFC 9457 with FitKit's members. */
export type ProblemBody = components["schemas"]["Problem"];

/** What every error of this client is. */
export class FitKitError extends Error {
  constructor(
    /** The one that was called. */
    readonly operation: OperationId,
    message: string,
    /** Tell support this id: it was sent with every attempt of the call, and stands in FitKit's log with all that followed. */
    readonly correlationId: string,
    /** How long the last answer asked to wait before the call is made again, in milliseconds; 0 when it did not say. */
    readonly retryAfterMs: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** What one call's errors have in common. */
export interface Sent {
  correlationId: string;
  retryAfterMs: number;
}

/**
 * The API refused the request and said why. Decide by code: it never changes. A server that is newer than this package may
 * answer a code that is not in the type, so keep a default branch.
 */
export class Problem<Id extends OperationId = OperationId> extends FitKitError {
  readonly status: number;
  readonly code: Code<Id>;
  /** The sentence for people, in English and in Hebrew. */
  readonly title: string;
  readonly titleHe: string;
  /** The refused fields; never their values. */
  readonly fields: NonNullable<ProblemBody["errors"]>;
  /** For Clerk's reverification, when the code is auth.step_up. */
  readonly clerkError: ProblemBody["clerk_error"];

  constructor(operation: Id, body: ProblemBody, sent: Sent) {
    super(operation, `${operation}: ${body.code}: ${body.title}`, body.correlation_id ?? sent.correlationId, sent.retryAfterMs);
    this.status = body.status;
    this.code = body.code as Code<Id>;
    this.title = body.title;
    this.titleHe = body.title_he;
    this.fields = body.errors ?? [];
    this.clerkError = body.clerk_error;
  }

  /** has narrows an error that was caught from a call of operation: Problem.has(error, "api-member-create"). */
  static has<Id extends OperationId>(error: unknown, operation: Id): error is Problem<Id> {
    return error instanceof Problem && error.operation === operation;
  }
}

/**
 * No answer that could be read came back: the network failed, the time was up, or something in between answered. Whether a
 * write took effect is not known; calling again with the same idempotencyKey finds out and never doubles it.
 */
export class Unanswered extends FitKitError {
  constructor(
    operation: OperationId,
    /** Of the last answer; undefined when there was none. */
    readonly status: number | undefined,
    /** Under which a write was sent. */
    readonly idempotencyKey: string | undefined,
    sent: Sent,
    options?: ErrorOptions,
  ) {
    super(operation, `${operation}: ${status === undefined ? "no answer" : `an unreadable answer with status ${status}`}`, sent.correlationId, sent.retryAfterMs, options);
  }
}
