import * as Sentry from "@sentry/node";
import product from "./product.json";

const release = process.env.RELEASE;

/** Starts with the first error, so that a product without a tracker pays nothing. */
function start(): boolean {
  const dsn = process.env.SENTRY_DSN;
  // The build may bundle this file several times; the tracker's client is one.
  if (dsn && !Sentry.isInitialized()) {
    Sentry.init({
      dsn,
      release: release && `${product.slug}@${release}`,
      // Only what is reported by hand: nothing is patched or collected.
      defaultIntegrations: false,
      enableRuntimeChannelInjection: false,
      dataCollection: { userInfo: false },
    });
  }
  return Sentry.isInitialized();
}

/** Reports an error and waits at most two seconds until it is sent; never fails. */
export async function reportError(error: unknown, tags: Record<string, string>): Promise<void> {
  if (start()) {
    Sentry.captureException(error, { tags });
    await Sentry.flush(2000);
  }
}
