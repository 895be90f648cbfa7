"use client";

import Link from "next/link";
import { usePathname } from "next/navigation";
import { navigation } from "@/lib/navigation";
import styles from "./app-bar.module.css";

/** The links of the app bar. A client component, because it marks the current page. */
export function MainNavigation() {
  const pathname = usePathname();
  return (
    <nav aria-label="Main" className={styles.navigation}>
      {navigation.map(({ href, label }) => (
        <Link
          aria-current={href === pathname ? "page" : undefined}
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
