import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { Button } from "@/components/ui/button";
import { auth } from "@/lib/auth";
import { startSignIn } from "./actions";
import styles from "./login.module.css";

export const metadata: Metadata = { title: "Sign in" };

/** What Auth.js appends to the address when somebody did not get in. */
const reasons: Record<string, string> = {
  AccessDenied: "This account may not come in. Ask whoever runs this product.",
};

export default async function LoginPage({ searchParams }: PageProps<"/login">) {
  const session = await auth();
  if (session?.user) {
    redirect("/account");
  }
  const { error } = await searchParams;
  return (
    <section className={styles.card}>
      <h1>Sign in</h1>
      {typeof error === "string" && (
        <p className={styles.error} role="alert">
          {reasons[error] ?? "Signing in did not work. Try again."}
        </p>
      )}
      <form action={startSignIn}>
        <Button type="submit">Continue to sign in</Button>
      </form>
    </section>
  );
}
