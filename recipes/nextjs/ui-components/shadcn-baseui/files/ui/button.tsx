import { Button as ButtonPrimitive } from "@base-ui/react/button";
import { cva, type VariantProps } from "class-variance-authority";
import { cn } from "@/lib/utils";

/** The classes of a button, also for links: `<Link className={buttonVariants()} …>`. */
export const buttonVariants = cva(
  [
    "inline-flex shrink-0 cursor-pointer items-center justify-center gap-2 rounded-full border",
    "text-sm font-medium whitespace-nowrap no-underline transition-[background-color,box-shadow] duration-200",
    "focus-visible:outline-3 focus-visible:outline-offset-2 focus-visible:outline-ring",
    "disabled:pointer-events-none disabled:opacity-40 data-disabled:pointer-events-none data-disabled:opacity-40",
    "[&_svg]:pointer-events-none [&_svg]:size-4.5 [&_svg]:shrink-0",
  ],
  {
    variants: {
      variant: {
        default: "border-transparent bg-primary text-primary-foreground hover:shadow-sm",
        secondary: "border-transparent bg-secondary text-secondary-foreground hover:shadow-sm",
        outline: "border-input bg-transparent text-primary hover:bg-accent",
        ghost: "border-transparent bg-transparent text-primary hover:bg-accent",
        destructive:
          "border-transparent bg-destructive text-destructive-foreground hover:shadow-sm",
        link: "border-transparent bg-transparent text-primary underline-offset-4 hover:underline",
      },
      size: {
        default: "h-10 px-6",
        sm: "h-8 px-4",
        lg: "h-12 px-8 text-base",
        icon: "size-10",
      },
    },
    defaultVariants: { variant: "default", size: "default" },
  },
);

export type ButtonProps = ButtonPrimitive.Props & VariantProps<typeof buttonVariants>;

export function Button({ className, variant, size, ...props }: ButtonProps) {
  return (
    <ButtonPrimitive
      className={cn(buttonVariants({ variant, size }), className)}
      data-slot="button"
      {...props}
    />
  );
}
