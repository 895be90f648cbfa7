import { NextResponse, type NextRequest } from "next/server";
import { isAuthorized } from "@/lib/basic-auth";
import { requireEnv } from "@/lib/env";

/** Stands in front of every page and route but the probes and the static files. */
export function proxy(request: NextRequest) {
  const expected = {
    name: requireEnv("BASIC_AUTH_NAME"),
    password: requireEnv("BASIC_AUTH_PASSWORD"),
  };
  if (isAuthorized(request.headers.get("authorization"), expected)) {
    return NextResponse.next();
  }
  return new NextResponse("Sign in to see this.", {
    status: 401,
    headers: { "WWW-Authenticate": 'Basic realm="__PRODUCT_SLUG__", charset="UTF-8"' },
  });
}

export const config = {
  matcher: ["/((?!api/health$|api/ready$|_next/static/).*)"],
};
