import type { OperationId } from "./errors.js";
import type { operations as Schemas } from "./schema.js";

/** The member of T under K, never when there is none. */
type At<T, K extends PropertyKey> = T extends { [P in K]?: infer V } ? NonNullable<V> : never;

/** Puts V under the name K: required when V has a required member, optional when not, left out when V is never. */
type Part<K extends string, V> = [V] extends [never] ? {} : {} extends V ? { [P in K]?: V } : { [P in K]: V };

type Query<Id extends OperationId> = At<Schemas[Id]["parameters"], "query">;
type Path<Id extends OperationId> = At<Schemas[Id]["parameters"], "path">;
type Body<Id extends OperationId> = At<At<At<Schemas[Id], "requestBody">, "content">, "application/json">;

/** What operation Id takes: path, query and body, each only where it has one. */
export type Input<Id extends OperationId> = Part<"path", Path<Id>> & Part<"query", Query<Id>> & Part<"body", Body<Id>>;

type Success<R> = { [S in keyof R]: S extends 200 | 201 | 202 ? At<At<R[S], "content">, "application/json"> : never }[keyof R];

/** What operation Id answers. */
export type Output<Id extends OperationId> = Success<Schemas[Id]["responses"]>;

/** How one call differs from the client's settings. */
export interface CallOptions {
  /** Ends the call, its waiting included; the call then throws the signal's reason. */
  signal?: AbortSignal;
  /** Instead of a new key: to repeat a write whose outcome is not known, perhaps after a reload. */
  idempotencyKey?: string;
  /** Instead of a new id, to find the call in FitKit's log beside the caller's own work: 8 to 64 letters, digits, - and _, a letter among them. */
  correlationId?: string;
  /** Instead of the client's studio. */
  org?: string;
}

/** Arguments of a call; the input may be left out when nothing in it is required. */
export type Arguments<Id extends OperationId> = {} extends Input<Id> ? [input?: Input<Id>, options?: CallOptions] : [input: Input<Id>, options?: CallOptions];

/** Operations that answer a list by pages. */
export type ListId = { [Id in OperationId]: Output<Id> extends { items: unknown[]; next_cursor?: string } ? Id : never }[OperationId];

/** One row of a list. */
export type Item<Id extends ListId> = Output<Id> extends { items: (infer T)[] } ? T : never;
