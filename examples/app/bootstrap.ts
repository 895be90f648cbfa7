// Creates a repository through the API of groundplan: preview, product, submission, events to the end.
//
// The types in api.d.ts are generated from the server's own document:
//   npx openapi-typescript http://127.0.0.1:8080/api/v1/openapi.json --default-non-nullable false -o api.d.ts
import type { components } from "./api.js";

type Schemas = components["schemas"];

const server = process.env["GROUNDPLAN_SERVER"] ?? "http://127.0.0.1:8080";
const apiToken = process.env["GROUNDPLAN_API_TOKEN"] ?? "";

/** A refused request, with the problem document of the server. */
class Refused extends Error {
  constructor(readonly problem: Schemas["Problem"]) {
    const faults = problem.errors.map((fault) => `\n  ${fault.pointer} ${fault.code}: ${fault.message}`);
    super(`${problem.detail}${faults.join("")}`);
  }
}

/** Sends a request; an answer that is no success is thrown as `Refused`. */
async function send(method: string, path: string, body?: unknown, headers: HeadersInit = {}): Promise<Response> {
  const response = await fetch(`${server}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiToken}`, "content-type": "application/json", ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (response.ok) return response;
  throw new Refused((await response.json()) as Schemas["Problem"]);
}

/** The forge's token of the signed-in user. The server tests it, seals it and never shows it again. */
async function saveToken(token: string): Promise<Schemas["StoredToken"]> {
  const request: Schemas["TokenRequest"] = { token };
  return (await send("PUT", "/api/v1/token", request)).json() as Promise<Schemas["StoredToken"]>;
}

async function preview(request: Schemas["PreviewRequest"]): Promise<Schemas["Report"]> {
  return (await send("POST", "/api/v1/previews", request)).json() as Promise<Schemas["Report"]>;
}

async function createProduct(request: Schemas["NewProduct"]): Promise<Schemas["Product"]> {
  return (await send("POST", "/api/v1/products", request)).json() as Promise<Schemas["Product"]>;
}

/** Submits a preview. The key makes it safe to send the request again after a lost answer. */
async function submit(request: Schemas["RunRequest"], key: string): Promise<Schemas["RunView"]> {
  const response = await send("POST", "/api/v1/runs", request, { "idempotency-key": key });
  return response.json() as Promise<Schemas["RunView"]>;
}

/** The messages of one event stream: name, id and data. */
async function* messages(response: Response): AsyncGenerator<{ name: string; id?: string; data: string }> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true });
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const fields = new Map<string, string>();
      for (const line of text.slice(0, end).split("\n")) {
        const colon = line.indexOf(":");
        if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1).trimStart());
      }
      text = text.slice(end + 2);
      const id = fields.get("id");
      yield { name: fields.get("event") ?? "message", data: fields.get("data") ?? "", ...(id ? { id } : {}) };
    }
  }
}

/** Calls `show` for each event of a run until it has ended. A stream that closes early is continued after its last event. */
async function follow(run: string, show: (event: Schemas["Event"]) => void): Promise<void> {
  let last: string | undefined;
  for (;;) {
    const headers = { accept: "text/event-stream", ...(last ? { "last-event-id": last } : {}) };
    const response = await send("GET", `/api/v1/runs/${run}/events`, undefined, headers);
    if (response.status === 204) return;
    for await (const message of messages(response)) {
      last = message.id ?? last;
      if (message.name === "event") show(JSON.parse(message.data) as Schemas["Event"]);
      if (message.name === "end") return;
    }
  }
}

const forgeToken = process.env["FORGE_TOKEN"];
if (forgeToken) {
  const saved = await saveToken(forgeToken);
  console.log(`token of ${saved.login}: ${saved.scopes.join(", ")}`);
}

const request: Schemas["PreviewRequest"] = {
  catalog: process.env["CATALOG"] ?? "nextjs",
  defaults: true,
  name: "Acme Web",
  owner: "acme",
  repo: "acme-web",
};
const report = await preview(request);
if (!report.treeId) throw new Error(report.errors.map((error) => error.message).join("\n"));
console.log(`preview: tree ${report.treeId}, risk ${report.risk.level}`);

const product = await createProduct({ name: request.name });
const run = await submit({ ...request, product: product.id, expect: report.treeId }, crypto.randomUUID());
await follow(run.id, (event) => console.log(`event: ${event.kind}`));

const ended = (await (await send("GET", `/api/v1/runs/${run.id}`)).json()) as Schemas["RunView"];
console.log(`${ended.status}: ${ended.repoUrl ?? ended.error ?? ""}`);
if (ended.status !== "succeeded") process.exitCode = 1;
