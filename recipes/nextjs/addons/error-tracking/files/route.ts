import { parseBrowserError } from "@/lib/browser-error";
import { reportError } from "@/lib/error-tracking";

/** The maximum size of a report in bytes. */
const limit = 16_384;

/** Receives browser errors, so that visitors send no data to a third party. */
export async function POST(request: Request) {
  if (request.headers.get("Sec-Fetch-Site") !== "same-origin") {
    return new Response(null, { status: 403 });
  }
  if (Number(request.headers.get("Content-Length") ?? Infinity) > limit) {
    return new Response(null, { status: 413 });
  }
  const report = parseBrowserError(await request.text());
  if (!report) {
    return new Response(null, { status: 400 });
  }
  const error = Object.assign(new Error(report.message), {
    name: report.name,
    stack: report.stack,
  });
  await reportError(error, { kind: "browser", route: report.path });
  return new Response(null, { status: 204 });
}
