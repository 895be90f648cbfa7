import { create } from "zustand";
import { persist } from "zustand/middleware";

export const colorSchemes = ["system", "light", "dark"] as const;
export type ColorScheme = (typeof colorSchemes)[number];

interface ColorSchemeStore {
  colorScheme: ColorScheme;
  setColorScheme: (colorScheme: ColorScheme) => void;
}

/** The visitor's colour scheme, stored in the browser's local storage. */
export const useColorScheme = create<ColorSchemeStore>()(
  persist(
    (set) => ({
      colorScheme: "system",
      setColorScheme: (colorScheme) => set({ colorScheme }),
    }),
    { name: "color-scheme" },
  ),
);
