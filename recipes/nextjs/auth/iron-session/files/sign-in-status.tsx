import Link from "next/link";
import { buttonVariants } from "@/components/ui/button";
import { findUser } from "@/lib/session";

/** The name of the signed-in user, or a link to sign in. */
export async function SignInStatus() {
  const user = await findUser();
  return (
    <Link className={buttonVariants({ variant: "outline" })} href={user ? "/account" : "/login"}>
      {user?.name ?? "Sign in"}
    </Link>
  );
}
