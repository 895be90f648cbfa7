import { render, screen } from "@testing-library/react";
import { userEvent } from "@testing-library/user-event";
import { beforeEach, describe, expect, it } from "vitest";
import { ColorSchemeSelect } from "@/components/color-scheme-select";
import { useColorScheme } from "@/lib/stores/color-scheme";

beforeEach(() => {
  useColorScheme.setState(useColorScheme.getInitialState());
});

describe("ColorSchemeSelect", () => {
  it("starts with the system setting", () => {
    render(<ColorSchemeSelect />);
    expect(screen.getByRole("combobox", { name: "Colour scheme" })).toHaveValue("system");
  });

  it("sets the attribute of the document and stores the choice", async () => {
    render(<ColorSchemeSelect />);
    await userEvent.selectOptions(screen.getByRole("combobox"), "Dark");

    expect(document.documentElement).toHaveAttribute("data-color-scheme", "dark");
    expect(localStorage.getItem("color-scheme")).toContain('"dark"');
  });
});
