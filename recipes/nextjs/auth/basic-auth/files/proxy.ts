import { NextResponse, type NextRequest } from "next/server";
import { isAuthorized } from "@/lib/basic-auth";
import { requireEnv } from "@/lib/env";

/** Requires the shared password for every path that `matcher` selects. */
export function proxy(request: NextRequest) {
  const expected = {
    name: requireEnv("BASIC_AUTH_NAME"),
    password: requireEnv("BASIC_AUTH_PASSWORD"),
  };
  if (isAuthorized(request.headers.get("authorization"), expected)) {
    return NextResponse.next();
  }
  return new NextResponse("Sign-in required.", {
    status: 401,
    headers: { "WWW-Authenticate": 'Basic realm="__PRODUCT_SLUG__", charset="UTF-8"' },
  });
}

export const config = {
  matcher: ["/((?!api/health$|api/ready$|_next/static/).*)"],
};
