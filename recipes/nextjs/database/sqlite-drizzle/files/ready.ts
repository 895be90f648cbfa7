import { getSetting } from "@/lib/settings";

export const dynamic = "force-dynamic";

/** Readiness: 200 while requests should come here, 503 while they should not. */
export async function GET() {
  const status = await readiness();
  return Response.json(
    { status },
    { status: status === "ready" ? 200 : 503, headers: { "Cache-Control": "no-store" } },
  );
}

/** Reading a setting shows that the database answers and that its schema is there. */
async function readiness(): Promise<"ready" | "maintenance" | "unavailable"> {
  try {
    return (await getSetting("maintenance")) === "on" ? "maintenance" : "ready";
  } catch (error) {
    console.error("The database does not answer:", error);
    return "unavailable";
  }
}
