import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { getSession } from "@/lib/session";
import { LoginForm } from "./login-form";

export const metadata: Metadata = { title: "Sign in" };

export default async function LoginPage() {
  const { user } = await getSession();
  if (user) {
    redirect("/account");
  }
  return (
    <>
      <h1>Sign in</h1>
      <LoginForm />
    </>
  );
}
