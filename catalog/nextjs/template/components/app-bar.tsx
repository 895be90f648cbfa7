import Link from "next/link";
import type { ReactNode } from "react";
import product from "@/lib/product.json";
import styles from "./app-bar.module.css";
import { MainNavigation } from "./main-navigation";

/** The bar at the top of every page; `children` are shown at its end. */
export function AppBar({ children }: { children?: ReactNode }) {
  return (
    <header className={styles.bar}>
      <Link className={styles.title} href="/">
        {product.name}
      </Link>
      <MainNavigation />
      {children}
    </header>
  );
}
