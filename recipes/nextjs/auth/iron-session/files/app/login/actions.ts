"use server";

import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { verifyPassword } from "@/lib/password";
import { forgetFailures, isBlocked, recordFailure } from "@/lib/rate-limit";
import { getSession } from "@/lib/session";

export interface SignInState {
  error?: string;
  /** The submitted name, to fill in the form again. */
  name?: string;
}

export async function signIn(_previous: SignInState, form: FormData): Promise<SignInState> {
  const name = String(form.get("name") ?? "");
  const password = String(form.get("password") ?? "");
  const { AUTH_NAME, AUTH_PASSWORD_HASH } = process.env;
  if (!AUTH_NAME || !AUTH_PASSWORD_HASH) {
    return { error: "There is no account yet. Run npm run setup, then restart the app.", name };
  }
  const address = await clientAddress();
  if (isBlocked(address)) {
    return { error: "Too many attempts. Try again in 15 minutes.", name };
  }

  // Check the password even for a wrong name, so that timing does not reveal the name.
  const matches = await verifyPassword(password, AUTH_PASSWORD_HASH);
  if (!matches || name !== AUTH_NAME) {
    recordFailure(address);
    return { error: "Wrong name or password.", name };
  }

  forgetFailures(address);
  const session = await getSession();
  session.user = { name, signedInAt: new Date().toISOString() };
  await session.save();
  redirect("/account");
}

/** The address that the nearest proxy saw, or that Next.js itself saw. Clients can add earlier entries. */
async function clientAddress(): Promise<string> {
  const forwarded = (await headers()).get("x-forwarded-for") ?? "";
  return forwarded.split(",").at(-1)?.trim() ?? "";
}

export async function signOut(): Promise<void> {
  const session = await getSession();
  session.destroy();
  redirect("/");
}
