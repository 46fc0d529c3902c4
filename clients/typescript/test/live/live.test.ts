/** Runs against a platform: infra/e2e/client_test.go starts one and says where it is. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { test } from "node:test";

import { FitKit, Problem, type ClientOptions, type Item } from "../../src/index.js";

const { FITKIT_API: api, FITKIT_CLERK: clerk, FITKIT_USER: user, FITKIT_ORGANISATION: organisation } = process.env;
if (!api || !clerk || !user || !organisation) {
  throw new Error("This test needs a running platform: run it by go test ./infra/e2e -run TypeScript.");
}

/** Signs in at Clerk's sandbox as a front end does at Clerk. */
async function token(): Promise<string> {
  const response = await fetch(`${clerk}/_dev/token`, { method: "POST", body: JSON.stringify({ user, org: organisation }) });
  return ((await response.json()) as { jwt: string }).jwt;
}

const owner = (options: Partial<ClientOptions> = {}) => new FitKit({ baseUrl: String(api), token, ...options });
const newName = () => `לקוחה ${randomUUID().slice(0, 8)}`;

async function found(name: string): Promise<Item<"api-member-search">[]> {
  const rows = [];
  for await (const row of owner().items("api-member-search", { body: { text: name } })) rows.push(row);
  return rows;
}

test("who is signed in, and a member made, read, changed and listed", async () => {
  const client = owner();
  assert.equal((await client.call("api-org-get-me")).role, "owner");
  const name = newName();
  const made = await client.call("api-member-create", { body: { name, language: "en" } });
  assert.equal(made.name, name);
  const changed = await client.call("api-member-update", { path: { id: made.id }, body: { version: made.version, language: "he" } });
  const { next_charge, ...card } = await client.call("api-member-get", { path: { id: made.id } });
  assert.deepEqual(card, changed);
  assert.equal(next_charge, null);
  assert.deepEqual((await found(name)).map((m) => m.id), [made.id]);
});

test("a list of several pages is read whole", async () => {
  const made = new Set<string>();
  for (let i = 0; i < 5; i++) made.add((await owner().call("api-member-create", { body: { name: newName() } })).id);
  for await (const row of owner().items("api-member-search", { query: { limit: 2 }, body: {} })) made.delete(row.id);
  assert.equal(made.size, 0);
});

test("wrong input, a wrong id and no sign-in are problems with their codes", async () => {
  await assert.rejects(owner().call("api-member-create", { body: { name: newName(), phone: "12" } }), (error) => {
    assert.ok(Problem.has(error, "api-member-create"));
    assert.equal(error.code, "member.phone_invalid");
    assert.equal(error.status, 422);
    assert.match(error.titleHe, /טלפון/);
    assert.ok(error.correlationId);
    return true;
  });
  await assert.rejects(owner().call("api-member-create", { body: { name: "" } }), (error) => {
    assert.ok(error instanceof Problem && error.code === "request.invalid");
    assert.deepEqual(error.fields.map((f) => f.location), ["body.name"]);
    return true;
  });
  await assert.rejects(owner().call("api-member-get", { path: { id: randomUUID() } }), { code: "member.not_found" });
  await assert.rejects(new FitKit({ baseUrl: String(api) }).call("api-org-get"), { code: "auth.sign_in" });
});

test("a write whose answer is lost is sent again under its key and has one effect", async () => {
  const keys: (string | null)[] = [];
  const name = newName();
  const forgetful: typeof fetch = async (input, init) => {
    keys.push(new Headers(init?.headers).get("idempotency-key"));
    const response = await fetch(input, init);
    if (keys.length < 3) throw new TypeError("the connection was lost after the server had answered");
    return response;
  };
  const made = await owner({ fetch: forgetful }).call("api-member-create", { body: { name } });
  assert.equal(keys.length, 3);
  assert.equal(new Set(keys).size, 1);
  assert.deepEqual((await found(name)).map((m) => m.id), [made.id]);
});

test("one key stands for one request", async () => {
  const idempotencyKey = randomUUID();
  const name = newName();
  await owner().call("api-member-create", { body: { name } }, { idempotencyKey });
  await assert.rejects(owner().call("api-member-create", { body: { name: newName() } }, { idempotencyKey }), { code: "idempotency.key_reused" });
  assert.equal((await found(name)).length, 1);
});
