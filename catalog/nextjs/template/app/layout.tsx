import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import { AppBar } from "@/components/app-bar";
import product from "@/lib/product.json";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: product.name, template: `%s · ${product.name}` },
  applicationName: product.name,
};

export const viewport: Viewport = {
  colorScheme: "light dark",
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f4fbfa" },
    { media: "(prefers-color-scheme: dark)", color: "#0e1415" },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>
        <AppBar />
        <main>{children}</main>
      </body>
    </html>
  );
}
