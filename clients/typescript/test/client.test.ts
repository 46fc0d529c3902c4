import assert from "node:assert/strict";
import { test } from "node:test";

import { FitKit, Problem, Unanswered } from "../src/index.js";
import { cut, cutBody, json, problem, serve, type Answer } from "./server.js";

const member = { id: "01900000-0000-7000-8000-000000000001", name: "דנה" };
const create = (client: FitKit, options = {}) => client.call("api-member-create", { body: { name: "דנה" } }, options);

test("a call carries the token, the studio, the key, its path, its query and its body", async (t) => {
  let asked = 0;
  const { client, seen } = await serve(t, [json(200, {})], { token: async () => `t${++asked}`, org: "o1" });
  await client.call("api-member-update", { path: { id: "a/b c" }, body: { version: 1, email: "d@e.example" } });
  await client.call("api-billing-list-charges", { query: { limit: 5, state: "due" } }, { org: "o2" });

  const [write, read] = seen;
  assert.equal(`${write?.method} ${write?.url}`, "PATCH /v1/members/a%2Fb%20c");
  assert.equal(write?.headers.authorization, "Bearer t1");
  assert.equal(write?.headers["fitkit-org"], "o1");
  assert.match(String(write?.headers["idempotency-key"]), /^[0-9a-f-]{36}$/);
  assert.deepEqual(JSON.parse(write?.body ?? ""), { version: 1, email: "d@e.example" });
  assert.equal(`${read?.method} ${read?.url}`, "GET /v1/charges?limit=5&state=due");
  assert.equal(read?.headers.authorization, "Bearer t2", "a token is asked for each attempt");
  assert.equal(read?.headers["fitkit-org"], "o2");
  assert.equal(read?.headers["idempotency-key"], undefined);
});

test("a path that would reach another route is refused before it is sent", async (t) => {
  const { client, seen } = await serve(t, [json(200, {})]);
  for (const id of ["", "..", "."]) {
    await assert.rejects(client.call("api-member-get", { path: { id } }), /path.id is missing/);
  }
  assert.equal(seen.length, 0);
});

test("an operation goes to its function's URL when one is known", async (t) => {
  const own = await serve(t, [json(200, { items: [] })]);
  const { client, seen } = await serve(t, [json(200, { items: [] })], { functionUrls: { "api-billing-list-arrears": `${own.baseUrl}/` } });
  await client.call("api-billing-list-arrears");
  await client.call("api-billing-list-charges");
  assert.deepEqual(own.seen.map((s) => s.url), ["/v1/arrears"]);
  assert.deepEqual(seen.map((s) => s.url), ["/v1/charges"]);
});

test("a refusal is a problem with its code, and is not asked again", async (t) => {
  const { client, seen } = await serve(t, [problem(409, "member.phone_taken")]);
  await assert.rejects(create(client), (error) => {
    assert.ok(Problem.has(error, "api-member-create") && !Problem.has(error, "api-member-get"));
    assert.equal(error.code satisfies string, "member.phone_taken");
    assert.deepEqual([error.status, error.title, error.titleHe, error.correlationId, error.fields], [409, "No.", "לא.", "c-1", []]);
    return true;
  });
  assert.equal(seen.length, 1);
});

const lost: Record<string, Answer> = {
  "a connection that is cut": cut,
  "an answer that is cut": cutBody,
  "a gateway that timed out": json(504, { message: "Endpoint request timed out" }),
  "a function that died": json(500, { message: "Internal Server Error" }),
  "a page of something in between": (response) => void response.writeHead(200).end("<html>"),
  "a store that restarts": problem(503, "unavailable"),
  "a first request that still runs": problem(409, "idempotency.in_progress"),
  "too many requests": problem(429, "request.too_many"),
};
for (const [name, answer] of Object.entries(lost)) {
  test(`${name}: a write is sent again under its key`, async (t) => {
    const { client, seen, waits } = await serve(t, [answer, answer, json(201, member)]);
    assert.deepEqual(await create(client), member);
    assert.equal(new Set(seen.map((s) => s.headers["idempotency-key"])).size, 1);
    assert.equal(seen.length, 3);
    assert.equal(waits.length, 2);
  });
}

// Red with an id made for each attempt, and without the header.
test("a call keeps one correlation id over all its attempts, and its error has it", async (t) => {
  const { client, seen } = await serve(t, [cut, json(504, {}), cutBody, json(502, "<html>")]);
  await assert.rejects(create(client), (error) => {
    assert.ok(error instanceof Unanswered);
    assert.match(error.correlationId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(seen.map((s) => s.headers["x-correlation-id"]), Array(4).fill(error.correlationId));
    return true;
  });
  const own = await serve(t, [json(201, member)]);
  await create(own.client);
  await create(own.client);
  await create(own.client, { correlationId: "of-the-page" });
  const ids = own.seen.map((s) => s.headers["x-correlation-id"]);
  assert.equal(new Set(ids).size, 3);
  assert.equal(ids[2], "of-the-page");
});

// Red with the id of the request on an answer under another one, and without the body's.
test("an answer's own correlation id is the one that is told", async (t) => {
  const refused = await serve(t, [problem(409, "member.phone_taken", { "x-correlation-id": "c-2" })]);
  await assert.rejects(create(refused.client), { correlationId: "c-1" });
  const between = await serve(t, [json(400, {}, { "x-correlation-id": "c-3" })]);
  await assert.rejects(create(between.client), { name: "Unanswered", correlationId: "c-3" });
  const bare = await serve(t, [json(409, { title: "No.", code: "x.y" })]);
  await assert.rejects(create(bare.client), (error) => error instanceof Problem && error.correlationId === bare.seen[0]?.headers["x-correlation-id"]);
});

test("two writes have two keys, and a caller may give one", async (t) => {
  const { client, seen } = await serve(t, [json(201, member)]);
  await create(client);
  await create(client);
  await create(client, { idempotencyKey: "mine" });
  const keys = seen.map((s) => s.headers["idempotency-key"]);
  assert.equal(new Set(keys).size, 3);
  assert.equal(keys[2], "mine");
});

test("a bug of the server's is not asked for again", async (t) => {
  const { client, seen } = await serve(t, [problem(500, "internal")]);
  await assert.rejects(create(client), { name: "Problem", code: "internal" });
  assert.equal(seen.length, 1);
});

test("after the last attempt the error names the key that finds out", async (t) => {
  const { client, seen } = await serve(t, [cut], { retry: { attempts: 3 } });
  await assert.rejects(create(client), (error) => {
    assert.ok(error instanceof Unanswered && error.status === undefined && error.cause !== undefined);
    assert.equal(error.idempotencyKey, seen[0]?.headers["idempotency-key"]);
    return true;
  });
  assert.equal(seen.length, 3);
});

test("a redirect is not followed: the token would go with it", async (t) => {
  const other = await serve(t, [json(200, {})]);
  const { client } = await serve(t, [(response) => void response.writeHead(307, { location: other.baseUrl }).end()], { token: () => "secret" });
  await assert.rejects(client.call("api-org-get"), { name: "Unanswered" });
  assert.equal(other.seen.length, 0);
});

test("Retry-After is waited for, and a wait beyond the limit is not", async (t) => {
  const { client, waits } = await serve(t, [problem(503, "unavailable", { "retry-after": "5" }), json(201, member)]);
  await create(client);
  assert.ok(waits[0] !== undefined && waits[0] >= 5000 && waits[0] < 5250, `waited ${waits[0]}`);

  // Whoever called waits instead. Red without the wait on the error.
  const long = await serve(t, [problem(503, "unavailable", { "retry-after": "3600" })]);
  await assert.rejects(create(long.client), { code: "unavailable", retryAfterMs: 3_600_000 });
  assert.equal(long.seen.length, 1);
  const between = await serve(t, [json(503, {}, { "retry-after": "60" })]);
  await assert.rejects(create(between.client), { name: "Unanswered", retryAfterMs: 60_000 });
  const refused = await serve(t, [problem(409, "member.phone_taken")]);
  await assert.rejects(create(refused.client), { retryAfterMs: 0 });
});

test("an attempt that takes too long is given up and repeated", async (t) => {
  let calls = 0;
  const silentOnce: typeof fetch = (_, init) =>
    ++calls > 1
      ? Promise.resolve(Response.json(member, { status: 201 }))
      : new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal?.reason)));
  const { client } = await serve(t, [], { timeoutMs: 5, fetch: silentOnce });
  assert.deepEqual(await create(client), member);
  assert.equal(calls, 2);
});

test("a signal ends a call that runs, one that waits and one that has not begun", async (t) => {
  const running = new AbortController();
  const one = await serve(t, [() => running.abort(new Error("enough"))]);
  await assert.rejects(create(one.client, { signal: running.signal }), /enough/);
  assert.equal(one.seen.length, 1);

  const waiting = new AbortController();
  const two = await serve(t, [cut]);
  const patient = new FitKit({ baseUrl: two.baseUrl, retry: { baseMs: 1e9, capMs: 1e9 } });
  const waits = create(patient, { signal: waiting.signal });
  while (two.seen.length === 0) await new Promise(setImmediate);
  waiting.abort(new Error("enough"));
  await assert.rejects(waits, /enough/);

  await assert.rejects(create(two.client, { signal: AbortSignal.abort(new Error("never")) }), /never/);
  assert.equal(two.seen.length, 1);
});

test("a list is read to its end, with the same input on each page", async (t) => {
  const { client, seen } = await serve(t, [
    json(200, { items: [{ id: "1" }, { id: "2" }], next_cursor: "c2" }), json(200, { items: [], next_cursor: "c3" }), json(200, { items: [{ id: "3" }] }),
  ]);
  const ids: string[] = [];
  for await (const row of client.items("api-member-search", { query: { limit: 2 }, body: { status: "all" } })) {
    ids.push(row.id);
  }
  assert.deepEqual(ids, ["1", "2", "3"]);
  assert.deepEqual(seen.map((s) => s.url), ["/v1/members/search?limit=2", "/v1/members/search?limit=2&cursor=c2", "/v1/members/search?limit=2&cursor=c3"]);
  assert.ok(seen.every((s) => s.body === '{"status":"all"}'));
});

test("a list that is left early asks for no further page", async (t) => {
  const { client, seen } = await serve(t, [json(200, { items: [{ id: "1" }], next_cursor: "c2" })]);
  for await (const _ of client.items("api-membership-list-plans")) break;
  assert.equal(seen.length, 1);
});
