import NextAuth from "next-auth";
import { redirect } from "next/navigation";
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

/** Returns the signed-in user, or `undefined`. */
export async function findUser(): Promise<SessionUser | undefined> {
  const user = (await auth())?.user;
  return user && { name: user.name ?? user.email ?? "Unknown" };
}

/** Returns the signed-in user, or redirects to the sign-in page. */
export async function requireUser(): Promise<SessionUser> {
  return (await findUser()) ?? redirect("/login");
}
