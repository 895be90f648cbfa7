import assert from "node:assert/strict";
import { test } from "node:test";
import { forgetFailures, isBlocked, recordFailure } from "@/lib/rate-limit";

const minute = 60 * 1000;

function fail(key: string, times: number, now: number): void {
  for (let count = 0; count < times; count += 1) {
    recordFailure(key, now);
  }
}

test("the tenth failed attempt blocks an address for 15 minutes", () => {
  fail("a", 9, 0);
  assert.equal(isBlocked("a", minute), false);
  fail("a", 1, minute);
  assert.equal(isBlocked("a", minute), true);
  assert.equal(isBlocked("b", minute), false);
  assert.equal(isBlocked("a", 15 * minute), false);
});

test("a success forgets the failed attempts", () => {
  fail("c", 10, 0);
  forgetFailures("c");
  assert.equal(isBlocked("c", 0), false);
});

test("the number of remembered addresses is limited", () => {
  fail("oldest", 10, 0);
  for (let number = 0; number < 10_000; number += 1) {
    recordFailure(`address ${number}`, 0);
  }
  assert.equal(isBlocked("oldest", 0), false);
});
