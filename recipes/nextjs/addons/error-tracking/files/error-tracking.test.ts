// @vitest-environment node
import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { POST } from "@/app/api/errors/route";
import { parseBrowserError } from "@/lib/browser-error";

const report = {
  name: "TypeError",
  message: "x is not a function",
  stack: "at a.js:1:1",
  path: "/",
};

function post(body: string, headers: Record<string, string>): Promise<Response> {
  const sent = {
    "Content-Length": String(body.length),
    "Sec-Fetch-Site": "same-origin",
    ...headers,
  };
  return POST(new Request("http://localhost/api/errors", { method: "POST", body, headers: sent }));
}

test("a browser error is sent to the tracker", async () => {
  let received = "";
  const tracker = createServer((request, response) => {
    request.on("data", (chunk) => (received += chunk));
    request.on("end", () => response.end("{}"));
  });
  await new Promise<void>((done) => tracker.listen(0, "127.0.0.1", done));
  const { port } = tracker.address() as AddressInfo;
  process.env.SENTRY_DSN = `http://key@127.0.0.1:${port}/1`;

  const response = await post(JSON.stringify(report), {});
  tracker.close();

  assert.equal(response.status, 204);
  assert.match(received, /x is not a function/);
  assert.match(received, /"kind":"browser"/);
});

test("reports from other sites, large reports and malformed reports are refused", async () => {
  assert.equal(
    (await post(JSON.stringify(report), { "Sec-Fetch-Site": "cross-site" })).status,
    403,
  );
  assert.equal((await post(JSON.stringify(report), { "Content-Length": "20000" })).status, 413);
  assert.equal((await post("{", {})).status, 400);
});

for (const text of ["", "null", "[]", "{}", '{"message":1}']) {
  test(`${JSON.stringify(text)} is not a report`, () => {
    assert.equal(parseBrowserError(text), undefined);
  });
}

test("a long message is truncated", () => {
  const parsed = parseBrowserError(JSON.stringify({ ...report, message: "x".repeat(9999) }));
  assert.equal(parsed?.message.length, 500);
});
