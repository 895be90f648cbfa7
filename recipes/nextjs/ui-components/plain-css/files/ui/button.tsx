import type { ComponentProps } from "react";
import styles from "./button.module.css";

export interface ButtonProps extends ComponentProps<"button"> {
  variant?: "default" | "secondary" | "outline" | "ghost" | "destructive";
}

export function Button({ className, type = "button", variant = "default", ...props }: ButtonProps) {
  const classes = [styles.button, styles[variant], className];
  return <button className={classes.filter(Boolean).join(" ")} type={type} {...props} />;
}
