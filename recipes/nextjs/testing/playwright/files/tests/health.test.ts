import { expect, test } from "@playwright/test";
import { GET } from "@/app/api/health/route";

test("the health check returns ok and is not cached", async () => {
  const response = GET();
  expect(response.status).toBe(200);
  expect(response.headers.get("Cache-Control")).toBe("no-store");
  expect(await response.json()).toEqual({ status: "ok", service: "__PRODUCT_SLUG__" });
});
