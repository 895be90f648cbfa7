import product from "@/lib/product.json";

export const dynamic = "force-dynamic";

/** Liveness check: returns 200 while the process serves requests. */
export function GET() {
  return Response.json(
    { status: "ok", service: product.slug },
    { headers: { "Cache-Control": "no-store" } },
  );
}
