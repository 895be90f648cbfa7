// @vitest-environment node
import { expect, it } from "vitest";
import { GET } from "@/app/api/health/route";

it("returns ok and is not cached", async () => {
  const response = GET();
  expect(response.status).toBe(200);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  await expect(response.json()).resolves.toEqual({ status: "ok", service: "__PRODUCT_SLUG__" });
});
