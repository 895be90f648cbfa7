import type { Metadata } from "next";
import { signOut } from "@/app/login/actions";
import { Button } from "@/components/ui/button";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Account" };

const dateFormat = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "long",
  timeStyle: "short",
  timeZone: "UTC",
});

export default async function AccountPage() {
  const user = await requireUser();
  return (
    <>
      <h1>Account</h1>
      <p>
        Signed in as <strong>{user.name}</strong> since{" "}
        <time dateTime={user.signedInAt}>{dateFormat.format(new Date(user.signedInAt))} UTC</time>.
      </p>
      <form action={signOut}>
        <Button type="submit" variant="outline">
          Sign out
        </Button>
      </form>
    </>
  );
}
