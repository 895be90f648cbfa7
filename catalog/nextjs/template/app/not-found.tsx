import type { Metadata } from "next";
import Link from "next/link";
import styles from "./action.module.css";

export const metadata: Metadata = { title: "Not found" };

export default function NotFound() {
  return (
    <>
      <h1>There is nothing here</h1>
      <p>The page was moved or never existed.</p>
      <Link className={styles.action} href="/">
        Back to the start
      </Link>
    </>
  );
}
