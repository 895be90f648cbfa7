import type { ComponentProps } from "react";
import styles from "./field.module.css";

export function Label({ className, ...props }: ComponentProps<"label">) {
  return <label className={[styles.label, className].filter(Boolean).join(" ")} {...props} />;
}
