"use client";

import { createContext, use, useEffect, useSyncExternalStore, type ReactNode } from "react";

export const colorSchemes = ["system", "light", "dark"] as const;
export type ColorScheme = (typeof colorSchemes)[number];

const storageKey = "color-scheme";

const ColorSchemeContext = createContext<ColorScheme>("system");

/** Returns the visitor's colour scheme. Use it inside `ColorSchemeProvider`. */
export function useColorScheme(): ColorScheme {
  return use(ColorSchemeContext);
}

/** Stores the colour scheme in this browser and notifies the provider, also in other tabs. */
export function setColorScheme(colorScheme: ColorScheme): void {
  localStorage.setItem(storageKey, colorScheme);
  window.dispatchEvent(new StorageEvent("storage", { key: storageKey }));
}

export function ColorSchemeProvider({ children }: { children: ReactNode }) {
  const colorScheme = useSyncExternalStore(subscribe, readStored, () => "system" as const);

  useEffect(() => {
    document.documentElement.dataset.colorScheme = colorScheme;
  }, [colorScheme]);

  return <ColorSchemeContext value={colorScheme}>{children}</ColorSchemeContext>;
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener("storage", onChange);
  return () => window.removeEventListener("storage", onChange);
}

function readStored(): ColorScheme {
  const stored = localStorage.getItem(storageKey);
  return colorSchemes.find((value) => value === stored) ?? "system";
}
