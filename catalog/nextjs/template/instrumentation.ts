import { checkSettings } from "./lib/env";

/** Next.js calls this once, before the server handles the first request. */
export async function register(): Promise<void> {
  if (process.env.NEXT_RUNTIME === "nodejs") {
    checkSettings();
  }
}
