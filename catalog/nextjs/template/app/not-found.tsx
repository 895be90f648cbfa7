import type { Metadata } from "next";
import Link from "next/link";
import { buttonVariants } from "@/components/ui/button";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <>
      <h1>Page not found</h1>
      <p>This page does not exist or has moved.</p>
      <Link className={buttonVariants()} href="/">
        Back to the home page
      </Link>
    </>
  );
}
