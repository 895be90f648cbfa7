import { getSetting } from "@/lib/settings";

export const dynamic = "force-dynamic";

/** Readiness check: returns 200 if the process can handle requests, 503 otherwise. */
export async function GET() {
  const status = await readiness();
  return Response.json(
    { status },
    { status: status === "ready" ? 200 : 503, headers: { "Cache-Control": "no-store" } },
  );
}

/** Reads a setting to check that the database responds and that its schema exists. */
async function readiness(): Promise<"ready" | "maintenance" | "unavailable"> {
  try {
    return (await getSetting("maintenance")) === "on" ? "maintenance" : "ready";
  } catch (error) {
    console.error("The database is not available:", error);
    return "unavailable";
  }
}
