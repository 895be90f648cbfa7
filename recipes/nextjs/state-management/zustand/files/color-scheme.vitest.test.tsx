import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { ColorSchemeSelect } from "@/components/color-scheme-select";
import { useColorScheme } from "@/lib/stores/color-scheme";

beforeEach(() => {
  useColorScheme.setState(useColorScheme.getInitialState());
});

describe("ColorSchemeSelect", () => {
  it("starts with what the system says", () => {
    render(<ColorSchemeSelect />);
    expect(screen.getByRole("combobox", { name: "Colour scheme" })).toHaveValue("system");
  });

  it("marks the document and remembers the choice", async () => {
    render(<ColorSchemeSelect />);
    await userEvent.selectOptions(screen.getByRole("combobox"), "Dark");

    expect(document.documentElement).toHaveAttribute("data-color-scheme", "dark");
    expect(localStorage.getItem("color-scheme")).toContain('"dark"');
  });
});
