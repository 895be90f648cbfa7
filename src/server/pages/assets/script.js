// The live parts of the pages. Each page works without this file.

const policy = globalThis.trustedTypes?.createPolicy("groundplan", { createHTML: (text) => text });
const parse = (text) => new DOMParser().parseFromString(policy ? policy.createHTML(text) : text, "text/html");
const announce = (text) => { document.getElementById("status").textContent = text; };

// Replaces the live regions of this page by those of another answer. Open details, the focus and the scrolling stay.
function adopt(answer) {
  for (const region of document.querySelectorAll("[data-live][id]")) {
    const next = answer.getElementById(region.id);
    if (!next || next.isEqualNode(region)) continue;
    const open = new Set([...region.querySelectorAll("details[id][open]")].map((one) => one.id));
    const closed = new Set([...region.querySelectorAll("details[id]:not([open])")].map((one) => one.id));
    const active = region.contains(document.activeElement) ? document.activeElement : null;
    const isTyped = active?.matches("input:not([type=radio]):not([type=checkbox]), textarea");
    const typed = isTyped ? [active.value, active.selectionStart, active.selectionEnd] : null;
    region.replaceWith(document.adoptNode(next));
    for (const details of next.querySelectorAll("details[id]")) {
      if (open.has(details.id)) details.open = true;
      if (closed.has(details.id)) details.open = false;
    }
    const again = active?.id ? document.getElementById(active.id) : null;
    again?.focus();
    // Somebody may have typed on since the question.
    if (again && typed) {
      again.value = typed[0];
      if (typed[1] !== null) again.setSelectionRange(typed[1], typed[2]);
    }
    if (next.dataset.announce) announce(next.dataset.announce);
    prepare(next);
  }
  for (const input of document.querySelectorAll("[data-option]")) {
    const next = answer.getElementById(input.id);
    if (!next) continue;
    input.disabled = next.disabled;
    input.closest("label")?.classList.toggle("blocked", next.disabled);
  }
  document.title = answer.title || document.title;
}

async function load(address, signal, body) {
  const response = await fetch(address, { signal, body, method: body ? "POST" : "GET", headers: { accept: "text/html" } });
  if (new URL(response.url).pathname.endsWith("/sign-in")) {
    location.reload();
    throw new Error("signed out");
  }
  if (!response.ok) throw new Error(response.statusText);
  return parse(await response.text());
}

// A form whose answer is shown while it is filled in. A form that is read by GET has its fields in the address; one with a
// document sends them.
function follow(form) {
  let running;
  const isSent = form.dataset.liveMethod === "post";
  let shown = new URLSearchParams(new FormData(form)).toString();
  const update = async (event) => {
    running?.abort();
    running = new AbortController();
    const fields = new URLSearchParams(new FormData(form));
    for (const [name, value] of [...fields]) if (!value) fields.delete(name, value);
    const query = fields.toString();
    if (!isSent) fields.append("before", shown);
    if (event.target.name && !isSent) fields.append("changed", event.target.name);
    try {
      const answer = isSent
        ? await load(form.dataset.liveForm, running.signal, fields)
        : await load(`${form.dataset.liveForm}?${fields}`, running.signal);
      shown = query;
      if (form.method === "get") history.replaceState(null, "", `${form.dataset.liveForm}?${query}`);
      adopt(answer);
    } catch (error) {
      if (error.name !== "AbortError") announce("The result could not be updated.");
    }
  };
  let waiting;
  form.addEventListener("input", (event) => {
    if (event.target.matches("[data-filter]")) return;
    clearTimeout(waiting);
    const isText = event.target.matches("input:not([type=radio]):not([type=checkbox]), textarea");
    waiting = setTimeout(() => update(event), isText ? 200 : 0);
  });
}

// A page that follows a run: each event, or a poll when the stream is silent, loads the page again.
function watch(element) {
  const { stream, after } = element.dataset;
  let last = Date.now();
  let source;
  // One load at a time, so that an older answer never replaces a newer one.
  let isLoading = false;
  let isStale = false;
  const refresh = async () => {
    isStale = true;
    if (isLoading) return;
    isLoading = true;
    while (isStale) {
      isStale = false;
      try {
        adopt(await load(location.href));
        const state = document.querySelector("[data-status]");
        if (state && !state.dataset.active) stop();
      } catch { /* The next event or poll tries again. */ }
    }
    isLoading = false;
  };
  const connect = () => {
    source?.close();
    source = new EventSource(`${stream}?after=${after}`);
    source.addEventListener("event", () => { last = Date.now(); refresh(); });
    for (const name of ["ready", "beat"]) source.addEventListener(name, () => { last = Date.now(); });
    source.addEventListener("end", () => { source.close(); refresh(); });
  };
  const poll = setInterval(() => { if (!document.hidden && Date.now() - last > 3000) refresh(); }, 3000);
  const visible = () => { if (document.hidden) source?.close(); else { connect(); refresh(); } };
  const stop = () => { source?.close(); clearInterval(poll); document.removeEventListener("visibilitychange", visible); };
  document.addEventListener("visibilitychange", visible);
  if (!document.hidden) connect();
}

// A list that is loaded again while nobody looks elsewhere or uses it.
function repeat(region) {
  setInterval(async () => {
    const current = document.getElementById(region.id);
    const selection = getSelection();
    const isSelected = !selection.isCollapsed && current.contains(selection.anchorNode);
    if (document.hidden || isSelected || current.contains(document.activeElement) || current.querySelector(":checked")) return;
    try { adopt(await load(location.href)); } catch { /* The next turn tries again. */ }
  }, Number(region.dataset.repeat) * 1000);
}

function filter(input) {
  input.closest("[hidden]")?.removeAttribute("hidden");
  // In a form, Enter would press its first button.
  input.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    for (const item of document.querySelectorAll("[data-item]")) {
      const text = item.textContent.toLowerCase();
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) count += 1;
    }
    for (const group of document.querySelectorAll("[data-group]")) {
      group.hidden = !group.querySelector("[data-item]:not([hidden])");
    }
    announce(`${count} match`);
  });
}

// Sets the caret of the document to the place of a finding.
function place(caret) {
  const area = document.getElementById("text");
  const [line, column] = caret.split(":").map(Number);
  const lines = area.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, text) => sum + text.length + 1, 0);
  const at = start + [...lines[line - 1] ?? ""].slice(0, column - 1).join("").length;
  area.focus();
  area.setSelectionRange(at, at);
}

function prepare(root) {
  for (const link of root.querySelectorAll("[data-caret]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      place(link.dataset.caret);
    });
  }
  for (const button of root.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const text = document.getElementById(button.dataset.copy).textContent;
      try {
        await navigator.clipboard.writeText(text);
        announce("Copied");
      } catch {
        getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
        announce("Selected; copy it with the keyboard");
      }
    });
  }
}

prepare(document);
for (const form of document.querySelectorAll("[data-live-form]")) follow(form);
for (const element of document.querySelectorAll("[data-stream]")) watch(element);
for (const region of document.querySelectorAll("[data-repeat]")) repeat(region);
for (const input of document.querySelectorAll("[data-filter]")) filter(input);
document.querySelector("[data-focus]")?.focus();
