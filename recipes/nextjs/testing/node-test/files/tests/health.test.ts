import assert from "node:assert/strict";
import { test } from "node:test";
import { GET } from "@/app/api/health/route";

test("the health check returns ok and is not cached", async () => {
  const response = GET();
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("Cache-Control"), "no-store");
  assert.deepEqual(await response.json(), { status: "ok", service: "__PRODUCT_SLUG__" });
});
