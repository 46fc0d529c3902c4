import assert from "node:assert/strict";
import { test } from "node:test";

import { operations, type Operation } from "../src/operations.js";
import { address } from "../src/request.js";
import { defaultRetry, delay, retryAfter } from "../src/retry.js";

test("waits grow, are random over their whole range, and end", () => {
  const most = (attempt: number) => delay(defaultRetry, attempt, 0, () => 1);
  assert.deepEqual([most(1), most(2), most(3), most(4)], [250, 500, 1000, undefined]);
  assert.equal(delay(defaultRetry, 3, 0, () => 0), 0);
  assert.equal(delay({ attempts: 20, baseMs: 250, capMs: 10_000 }, 15, 0, () => 1), 10_000);
  assert.equal(delay({ attempts: 1, baseMs: 250, capMs: 10_000 }, 1, 0, () => 1), undefined);
});

test("Retry-After is seconds or a date; what is neither counts for nothing", () => {
  const now = Date.parse("2026-03-01T10:00:00Z");
  for (const [header, want] of [["5", 5000], ["0", 0], ["Sun, 01 Mar 2026 10:00:07 GMT", 7000], ["Sun, 01 Mar 2026 09:00:00 GMT", 0], ["soon", 0], ["", 0], [null, 0]] as const) {
    assert.equal(retryAfter(header, now), want, String(header));
  }
});

test("every operation has an address, and one with a function URL as its only door says so", () => {
  for (const [id, operation] of Object.entries(operations) as [keyof typeof operations, Operation][]) {
    const path = Object.fromEntries([...operation.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => [name, "x"]));
    const urls = operation.front === "url" ? { [id]: "https://own.example" } : {};
    const base = operation.front === "url" ? "https://own.example" : "https://api.example";
    assert.equal(address(id, { path }, "https://api.example/", urls), base + operation.path.replace(/\{\w+\}/g, "x"));
    if (operation.front === "url") {
      assert.throws(() => address(id, { path }, "https://api.example", {}), /give it in functionUrls/);
    }
  }
});
