import Link from "next/link";
import type { ReactNode } from "react";
import { navigation } from "@/lib/navigation";
import product from "@/lib/product.json";
import styles from "./app-bar.module.css";

/** The bar at the top of every page; `children` are its trailing actions. */
export function AppBar({ children }: { children?: ReactNode }) {
  return (
    <header className={styles.bar}>
      <Link className={styles.title} href="/">
        {product.name}
      </Link>
      <nav aria-label="Main" className={styles.navigation}>
        {navigation.map(({ href, label }) => (
          <Link className={styles.link} href={href} key={href}>
            {label}
          </Link>
        ))}
      </nav>
      {children}
    </header>
  );
}
