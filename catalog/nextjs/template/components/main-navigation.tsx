"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { navigation } from "@/lib/navigation";
import styles from "./app-bar.module.css";

/** The links of the app bar. It runs in the browser to mark the page that is open. */
export function MainNavigation() {
  const open = usePathname();
  return (
    <nav aria-label="Main" className={styles.navigation}>
      {navigation.map(({ href, label }) => (
        <Link
          aria-current={href === open ? "page" : undefined}
          className={styles.link}
          href={href}
          key={href}
        >
          {label}
        </Link>
      ))}
    </nav>
  );
}
