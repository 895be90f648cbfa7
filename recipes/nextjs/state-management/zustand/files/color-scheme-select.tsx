"use client";

import { useEffect } from "react";
import { colorSchemes, useColorScheme, type ColorScheme } from "@/lib/stores/color-scheme";
import styles from "./color-scheme-select.module.css";

const labels: Record<ColorScheme, string> = {
  system: "System",
  light: "Light",
  dark: "Dark",
};

export function ColorSchemeSelect() {
  const { colorScheme, setColorScheme } = useColorScheme();

  useEffect(() => {
    document.documentElement.dataset.colorScheme = colorScheme;
  }, [colorScheme]);

  return (
    <select
      aria-label="Colour scheme"
      className={styles.select}
      onChange={(event) => setColorScheme(event.target.value as ColorScheme)}
      value={colorScheme}
    >
      {colorSchemes.map((value) => (
        <option key={value} value={value}>
          {labels[value]}
        </option>
      ))}
    </select>
  );
}
