// Speaks with yaml-language-server as an editor does: opens documents of a starter catalogue, asks for completions and
// reads what is flagged. Usage: check.mjs SERVER STARTER
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [program, starter] = process.argv.slice(2);
const server = spawn("node", [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const answers = new Map();
const flagged = new Map();
let number = 0;

function send(message) {
  const body = JSON.stringify({ jsonrpc: "2.0", ...message });
  server.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
}

function ask(method, params) {
  number += 1;
  send({ id: number, method, params });
  return new Promise((resolve) => answers.set(number, resolve));
}

function receive(message) {
  if (message.method === "textDocument/publishDiagnostics") {
    flagged.get(message.params.uri)?.(message.params.diagnostics);
  } else if (message.method && message.id !== undefined) {
    // What the server asks of an editor: its settings, one for each section.
    const items = message.params?.items ?? [];
    send({ id: message.id, result: items.map(({ section }) => (section === "yaml" ? settings : {})) });
  } else if (answers.has(message.id)) {
    assert.equal(message.error, undefined);
    answers.get(message.id)(message.result);
  }
}

let received = Buffer.alloc(0);
server.stdout.on("data", (bytes) => {
  received = Buffer.concat([received, bytes]);
  for (;;) {
    const end = received.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/Content-Length: (\d+)/i.exec(received.subarray(0, end).toString())[1]);
    if (received.length < end + 4 + length) return;
    const body = received.subarray(end + 4, end + 4 + length).toString();
    received = received.subarray(end + 4 + length);
    receive(JSON.parse(body));
  }
});

// No schema store: only what a document names in its first line.
const settings = { validate: true, completion: true, hover: true, schemaStore: { enable: false } };

const uriOf = (path) => pathToFileURL(`${starter}/${path}`).href;

// A document beside the one at a path, with a name that nobody used: what is said of another one is not mixed up.
let documents = 0;
const beside = (path) => uriOf(path.replace(/[^/]*$/, `document-${++documents}.yaml`));

// Opens a text beside the file at a path and gives what is flagged in it: `line:column message`, counted from 1.
function open(path, text) {
  const uri = beside(path);
  const diagnostics = new Promise((resolve) => flagged.set(uri, resolve));
  send({ method: "textDocument/didOpen", params: { textDocument: { uri, languageId: "yaml", version: 1, text } } });
  return diagnostics.then((list) => {
    send({ method: "textDocument/didClose", params: { textDocument: { uri } } });
    return list.map(({ range, message }) => `${range.start.line + 1}:${range.start.character + 1} ${message}`).sort();
  });
}

// The labels that are offered where `|` stands in a text.
async function complete(path, text) {
  const at = text.indexOf("|");
  const before = text.slice(0, at).split("\n");
  const uri = beside(path);
  const document = { uri, languageId: "yaml", version: 1, text: text.replace("|", "") };
  send({ method: "textDocument/didOpen", params: { textDocument: document } });
  const position = { line: before.length - 1, character: before.at(-1).length };
  const result = await ask("textDocument/completion", { textDocument: { uri }, position });
  send({ method: "textDocument/didClose", params: { textDocument: { uri } } });
  return (result.items ?? result).map(({ label }) => label.trim());
}

const recipe = "recipes/starter/style/prettier.yaml";
const catalog = "catalog/starter/catalog.yaml";
const caseFile = "catalog/starter/cases/default.yaml";
const head = (path) => readFileSync(`${starter}/${path}`, "utf8").split("\n")[0] + "\n";
const read = (path) => readFileSync(`${starter}/${path}`, "utf8");

async function run() {
  await ask("initialize", {
    processId: process.pid,
    rootUri: uriOf(""),
    capabilities: { workspace: { configuration: true }, textDocument: { completion: {}, publishDiagnostics: {} } },
  });
  send({ method: "initialized", params: {} });

  for (const path of [catalog, recipe, caseFile, "recipes/starter/addons/ci.yaml", "recipes/starter/addons/decisions.yaml"]) {
    assert.deepEqual(await open(path, read(path)), [], `${path} is flagged though it is right`);
  }

  const schema = JSON.parse(read("schema/recipe.schema.json"));
  const kinds = new Set();
  JSON.stringify(schema, (key, value) => {
    if (key === "kind" && typeof value?.const === "string") kinds.add(value.const);
    return value;
  });
  assert.ok(kinds.size >= 6, `the schema names only ${[...kinds]}`);
  const offered = await complete(recipe, `${head(recipe)}actions:\n  - kind: |\n`);
  for (const kind of kinds) assert.ok(offered.includes(kind), `${kind} is not among ${offered}`);
  console.log(`completed: ${offered.join(" ")}`);
  const fields = await complete(recipe, `${head(recipe)}actions:\n  - kind: COPY_FILE\n    |\n`);
  for (const field of ["from", "to", "if_exists", "when"]) assert.ok(fields.includes(field), `${field} is not among ${fields}`);
  const selections = await complete(catalog, `${head(catalog)}catalog: c\ncategories:\n  - slug: a\n    selection: |\n`);
  assert.deepEqual([...selections].sort(), ["MULTI", "SINGLE"]);

  for (const [path, text, places] of [
    [recipe, "actions:\n  - kind: WRITE_FIEL\n    path: a\n    content: b\n", ["3:11"]],
    [recipe, "actions:\n  - kind: WRITE_FILE\n    path: a\n    content: b\n    mode: 7\n", ["6:5"]],
    [recipe, "actions:\n  - kind: WRITE_FILE\n    path: my notes.md\n    content: b\n", ["4:11"]],
    [recipe, "actions:\n  - kind: WRITE_FILE\n    path: a\n", ["3:5"]],
    [recipe, "action: []\n", ["2:1"]],
    [catalog, read(catalog).split("\n").slice(1).join("\n").replace("SINGLE #", "SINGEL #"), [/^\d+:16$/]],
    [catalog, read(catalog).split("\n").slice(1).join("\n").replace("slug: prettier", "slug: Pretty Printer"), [/^\d+:15$/]],
    [caseFile, "defaults: maybe\n", ["2:11"]],
  ]) {
    const found = await open(path, head(path) + text);
    const at = found.map((line) => line.split(" ")[0]);
    const title = `${JSON.stringify(text.slice(0, 60))}: ${found.join("; ")}`;
    const isPlace = (one) => places.some((place) => (place instanceof RegExp ? place.test(one) : one === place));
    assert.ok(at.length > 0 && at.every(isPlace), title);
    console.log(`flagged ${path}: ${found.join("; ").slice(0, 160)}`);
  }
}

const deadline = setTimeout(() => {
  console.error("yaml-language-server gave no answer within 60 seconds");
  process.exit(1);
}, 60_000);
try {
  await run();
  console.log("editor: all as it should be");
} finally {
  clearTimeout(deadline);
  server.kill();
}
