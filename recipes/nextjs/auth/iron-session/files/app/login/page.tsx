import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { getSession } from "@/lib/session";
import { LoginForm } from "./login-form";
import styles from "./login.module.css";

export const metadata: Metadata = { title: "Sign in" };

export default async function LoginPage() {
  const { user } = await getSession();
  if (user) {
    redirect("/account");
  }
  return (
    <section className={styles.card}>
      <h1>Sign in</h1>
      <LoginForm />
    </section>
  );
}
