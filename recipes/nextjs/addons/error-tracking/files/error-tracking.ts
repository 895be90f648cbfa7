import * as Sentry from "@sentry/node";
import product from "./product.json";

const release = process.env.RELEASE;
let started = false;

/** Starts with the first error, so that a product without a tracker pays nothing. */
function start(): boolean {
  const dsn = process.env.SENTRY_DSN;
  if (dsn && !started) {
    Sentry.init({
      dsn,
      release: release && `${product.slug}@${release}`,
      // Only what is reported by hand: nothing is patched or collected.
      defaultIntegrations: false,
      enableRuntimeChannelInjection: false,
      dataCollection: { userInfo: false },
    });
    started = true;
  }
  return started;
}

/** Reports an error and waits at most two seconds until it is sent; never fails. */
export async function reportError(error: unknown, tags: Record<string, string>): Promise<void> {
  if (start()) {
    Sentry.captureException(error, { tags });
    await Sentry.flush(2000);
  }
}
