"use client";

import {
  colorSchemes,
  setColorScheme,
  useColorScheme,
  type ColorScheme,
} from "./color-scheme-provider";
import styles from "./color-scheme-select.module.css";

const labels: Record<ColorScheme, string> = {
  system: "System",
  light: "Light",
  dark: "Dark",
};

export function ColorSchemeSelect() {
  return (
    <select
      aria-label="Colour scheme"
      className={styles.select}
      onChange={(event) => setColorScheme(event.target.value as ColorScheme)}
      value={useColorScheme()}
    >
      {colorSchemes.map((value) => (
        <option key={value} value={value}>
          {labels[value]}
        </option>
      ))}
    </select>
  );
}
