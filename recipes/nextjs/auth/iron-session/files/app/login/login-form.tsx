"use client";

import { useActionState } from "react";
import { Button } from "@/components/ui/button";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";
import { signIn } from "./actions";
import styles from "./login.module.css";

export function LoginForm() {
  const [state, action, pending] = useActionState(signIn, {});

  return (
    <form action={action} className={styles.form}>
      <div className={styles.field}>
        <Label htmlFor="name">Name</Label>
        <Input
          aria-invalid={Boolean(state.error)}
          autoComplete="username"
          defaultValue={state.name}
          id="name"
          name="name"
          required
        />
      </div>
      <div className={styles.field}>
        <Label htmlFor="password">Password</Label>
        <Input
          aria-invalid={Boolean(state.error)}
          autoComplete="current-password"
          id="password"
          name="password"
          required
          type="password"
        />
      </div>
      <p aria-live="polite" className={styles.error}>
        {state.error}
      </p>
      <Button disabled={pending} type="submit">
        {pending ? "Signing in…" : "Sign in"}
      </Button>
    </form>
  );
}
