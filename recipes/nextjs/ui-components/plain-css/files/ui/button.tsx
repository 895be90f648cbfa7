import type { ComponentProps } from "react";
import styles from "./button.module.css";

interface Style {
  className?: string;
  variant?: "default" | "secondary" | "outline" | "ghost" | "destructive";
}

/** The classes of a button, also for links: `<Link className={buttonVariants()} …>`. */
export function buttonVariants({ className, variant = "default" }: Style = {}): string {
  return [styles.button, styles[variant], className].filter(Boolean).join(" ");
}

export type ButtonProps = ComponentProps<"button"> & Style;

export function Button({ className, type = "button", variant, ...props }: ButtonProps) {
  return <button className={buttonVariants({ className, variant })} type={type} {...props} />;
}
