import { NextResponse, type NextRequest } from "next/server";
import { isAuthorized } from "@/lib/basic-auth";
import { requireEnv } from "@/lib/env";

/** Until the settings exist, a development server is open: it listens for its developer only. */
const isOpen = process.env.NODE_ENV === "development" && !process.env.BASIC_AUTH_PASSWORD;

/** Requires the shared password for every path that `matcher` selects. */
export function proxy(request: NextRequest) {
  if (isOpen) {
    return NextResponse.next();
  }
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
