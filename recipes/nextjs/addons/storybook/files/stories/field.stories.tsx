import type { Meta, StoryObj } from "@storybook/nextjs-vite";
import { Input } from "@/components/ui/input";
import { Label } from "@/components/ui/label";

const meta = {
  component: Input,
  render: (args) => (
    <div style={{ display: "grid", gap: "0.375rem", inlineSize: "18rem" }}>
      <Label htmlFor="name">Name</Label>
      <Input id="name" {...args} />
    </div>
  ),
} satisfies Meta<typeof Input>;

export default meta;

type Story = StoryObj<typeof meta>;

export const Empty: Story = {};

export const Filled: Story = { args: { defaultValue: "Ada Lovelace" } };

export const Invalid: Story = { args: { "aria-invalid": true, defaultValue: "?" } };

export const Disabled: Story = { args: { disabled: true, defaultValue: "Ada Lovelace" } };
