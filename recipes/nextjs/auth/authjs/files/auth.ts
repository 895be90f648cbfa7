import NextAuth from "next-auth";
import { redirect } from "next/navigation";
import { connection } from "next/server";
import { isAllowed } from "./allowed";
import { requireEnv } from "./env";

export interface SessionUser {
  /** The name from the provider, or the email address. */
  name: string;
}

/** The id of the provider; it is part of the redirect URL. */
export const provider = "oidc";

// The settings are read for each request, so that a build needs none of them.
export const { auth, handlers, signIn, signOut } = NextAuth(() => ({
  secret: requireEnv("AUTH_SECRET"),
  session: { strategy: "jwt", maxAge: 12 * 60 * 60 },
  pages: { signIn: "/login", error: "/login" },
  providers: [
    {
      id: provider,
      name: "OpenID Connect",
      type: "oidc",
      issuer: requireEnv("AUTH_OIDC_ISSUER"),
      clientId: requireEnv("AUTH_OIDC_ID"),
      clientSecret: requireEnv("AUTH_OIDC_SECRET"),
      checks: ["pkce", "state"],
    },
  ],
  callbacks: {
    signIn: ({ profile }) => isAllowed(profile, requireEnv("AUTH_ALLOWED")),
  },
}));

/** False until all settings exist. Only a development server runs without them. */
export function isConfigured(): boolean {
  const names = [
    "AUTH_SECRET",
    "AUTH_OIDC_ISSUER",
    "AUTH_OIDC_ID",
    "AUTH_OIDC_SECRET",
    "AUTH_ALLOWED",
  ];
  return names.every((name) => process.env[name]);
}

/** Returns the signed-in user, or `undefined`. */
export async function findUser(): Promise<SessionUser | undefined> {
  // The build has no settings and must not render the page once for all visitors.
  await connection();
  const user = isConfigured() ? (await auth())?.user : undefined;
  return user && { name: user.name ?? user.email ?? "Unknown" };
}

/** Returns the signed-in user, or redirects to the sign-in page. */
export async function requireUser(): Promise<SessionUser> {
  return (await findUser()) ?? redirect("/login");
}
