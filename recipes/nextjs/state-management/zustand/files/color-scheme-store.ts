import { create } from "zustand";
import { persist } from "zustand/middleware";

export const colorSchemes = ["system", "light", "dark"] as const;
export type ColorScheme = (typeof colorSchemes)[number];

interface ColorSchemeStore {
  colorScheme: ColorScheme;
  setColorScheme: (colorScheme: ColorScheme) => void;
}

/** What the visitor prefers, kept in the local storage of the browser. */
export const useColorScheme = create<ColorSchemeStore>()(
  persist(
    (set) => ({
      colorScheme: "system",
      setColorScheme: (colorScheme) => set({ colorScheme }),
    }),
    { name: "color-scheme" },
  ),
);
