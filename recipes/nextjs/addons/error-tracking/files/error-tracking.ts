import * as Sentry from "@sentry/node";
import product from "./product.json";

const release = process.env.RELEASE;

/** Initialises the client on the first error. Returns false if no tracker is configured. */
function initialize(): boolean {
  const dsn = process.env.SENTRY_DSN;
  // The build may bundle this file several times; initialise the shared client once.
  if (dsn && !Sentry.isInitialized()) {
    Sentry.init({
      dsn,
      release: release && `${product.slug}@${release}`,
      // Report explicit errors only: no patching, no automatic collection.
      defaultIntegrations: false,
      enableRuntimeChannelInjection: false,
      dataCollection: { userInfo: false },
    });
  }
  return Sentry.isInitialized();
}

/** Reports an error and waits at most two seconds until it is sent. Never throws. */
export async function reportError(error: unknown, tags: Record<string, string>): Promise<void> {
  if (initialize()) {
    Sentry.captureException(error, { tags });
    await Sentry.flush(2000);
  }
}
