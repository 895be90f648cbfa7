import type { BrowserError } from "@/lib/browser-error";

/** The number of reports left; a page that fails in a loop must not overload the server. */
let remaining = 5;

function report(thrown: unknown): void {
  if (remaining === 0) {
    return;
  }
  remaining -= 1;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const body: BrowserError = {
    name: error.name,
    message: error.message,
    stack: error.stack ?? "",
    path: location.pathname,
  };
  navigator.sendBeacon("/api/errors", JSON.stringify(body));
}

// Next.js runs this file before the page becomes interactive.
window.addEventListener("error", (event) => report(event.error ?? event.message));
window.addEventListener("unhandledrejection", (event) => report(event.reason));
