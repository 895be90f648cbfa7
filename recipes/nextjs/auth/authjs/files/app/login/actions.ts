"use server";

import { provider, signIn, signOut } from "@/lib/auth";

export async function startSignIn(): Promise<void> {
  await signIn(provider, { redirectTo: "/account" });
}

export async function endSession(): Promise<void> {
  await signOut({ redirectTo: "/" });
}
