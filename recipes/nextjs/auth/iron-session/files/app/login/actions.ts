"use server";

import { redirect } from "next/navigation";
import { requireEnv } from "@/lib/env";
import { verifyPassword } from "@/lib/password";
import { getSession } from "@/lib/session";

export interface SignInState {
  error?: string;
  /** The submitted name, to fill in the form again. */
  name?: string;
}

export async function signIn(_previous: SignInState, form: FormData): Promise<SignInState> {
  const name = String(form.get("name") ?? "");
  const password = String(form.get("password") ?? "");

  // Check the password even for a wrong name, so that timing does not reveal the name.
  const matches = await verifyPassword(password, requireEnv("AUTH_PASSWORD_HASH"));
  if (!matches || name !== requireEnv("AUTH_NAME")) {
    return { error: "Wrong name or password.", name };
  }

  const session = await getSession();
  session.user = { name, signedInAt: new Date().toISOString() };
  await session.save();
  redirect("/account");
}

export async function signOut(): Promise<void> {
  const session = await getSession();
  session.destroy();
  redirect("/");
}
