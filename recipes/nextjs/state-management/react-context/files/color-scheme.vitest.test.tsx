import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { ColorSchemeProvider } from "@/components/color-scheme-provider";
import { ColorSchemeSelect } from "@/components/color-scheme-select";

beforeEach(() => {
  localStorage.clear();
  render(
    <ColorSchemeProvider>
      <ColorSchemeSelect />
    </ColorSchemeProvider>,
  );
});

describe("ColorSchemeSelect", () => {
  it("starts with the system setting", () => {
    expect(screen.getByRole("combobox", { name: "Colour scheme" })).toHaveValue("system");
  });

  it("sets the attribute of the document and stores the choice", async () => {
    await userEvent.selectOptions(screen.getByRole("combobox"), "Dark");

    expect(screen.getByRole("combobox")).toHaveValue("dark");
    expect(document.documentElement).toHaveAttribute("data-color-scheme", "dark");
    expect(localStorage.getItem("color-scheme")).toBe("dark");
  });
});
