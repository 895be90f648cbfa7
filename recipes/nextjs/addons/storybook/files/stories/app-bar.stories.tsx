import type { Meta, StoryObj } from "@storybook/nextjs-vite";
import { AppBar } from "@/components/app-bar";
import { Button } from "@/components/ui/button";

const meta = {
  component: AppBar,
  parameters: {
    layout: "fullscreen",
    nextjs: { navigation: { pathname: "/" } },
  },
} satisfies Meta<typeof AppBar>;

export default meta;

type Story = StoryObj<typeof meta>;

export const Plain: Story = {};

export const WithAction: Story = { args: { children: <Button variant="ghost">Help</Button> } };
