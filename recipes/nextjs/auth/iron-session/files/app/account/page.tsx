import type { Metadata } from "next";
import { signOut } from "@/app/login/actions";
import { Button } from "@/components/ui/button";
import { requireUser } from "@/lib/session";

export const metadata: Metadata = { title: "Account" };

export default async function AccountPage() {
  const user = await requireUser();
  return (
    <>
      <h1>{user.name}</h1>
      <p>
        Signed in since <time dateTime={user.signedInAt}>{user.signedInAt}</time>.
      </p>
      <form action={signOut}>
        <Button type="submit" variant="outline">
          Sign out
        </Button>
      </form>
    </>
  );
}
