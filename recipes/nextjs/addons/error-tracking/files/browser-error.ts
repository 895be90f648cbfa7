/** An error report from a browser. Long texts are truncated when the report is parsed. */
export interface BrowserError {
  name: string;
  message: string;
  stack: string;
  /** The path without query and fragment, which may contain personal data. */
  path: string;
}

/** Parses an untrusted report from a browser. Returns `undefined` if it is malformed. */
export function parseBrowserError(text: string): BrowserError | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null) {
    return undefined;
  }
  const read = (key: string, length: number) => {
    const found: unknown = (value as Record<string, unknown>)[key];
    return typeof found === "string" ? found.slice(0, length) : "";
  };
  const error = {
    name: read("name", 100),
    message: read("message", 500),
    stack: read("stack", 4000),
    path: read("path", 200),
  };
  return error.message ? error : undefined;
}
