import type { Preview } from "@storybook/nextjs-vite";
import "../app/globals.css";

const preview: Preview = {
  parameters: {
    layout: "centered",
    nextjs: { appDirectory: true },
  },
  globalTypes: {
    colorScheme: {
      description: "Light or dark",
      toolbar: { icon: "contrast", items: ["system", "light", "dark"], dynamicTitle: true },
    },
  },
  initialGlobals: { colorScheme: "system" },
  decorators: [
    (story, { globals }) => {
      document.documentElement.dataset.colorScheme = String(globals.colorScheme);
      return story();
    },
  ],
};

export default preview;
