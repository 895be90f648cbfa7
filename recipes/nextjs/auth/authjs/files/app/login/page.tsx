import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { Button } from "@/components/ui/button";
import { findUser, isConfigured } from "@/lib/auth";
import { startSignIn } from "./actions";
import styles from "./login.module.css";

export const metadata: Metadata = { title: "Sign in" };

/** Messages for the error codes that Auth.js adds to the URL. */
const messages: Record<string, string> = {
  AccessDenied: "This account has no access. Ask the administrator of this app.",
};

export default async function LoginPage({ searchParams }: PageProps<"/login">) {
  if (await findUser()) {
    redirect("/account");
  }
  const { error } = await searchParams;
  return (
    <section className={styles.card}>
      <h1>Sign in</h1>
      {typeof error === "string" && (
        <p className={styles.error} role="alert">
          {messages[error] ?? "Sign-in failed. Try again."}
        </p>
      )}
      {isConfigured() ? (
        <form action={startSignIn}>
          <Button type="submit">Continue to sign in</Button>
        </form>
      ) : (
        <p>
          Sign-in is not set up yet: <code>docs/sign-in.md</code> describes the settings.
        </p>
      )}
    </section>
  );
}
