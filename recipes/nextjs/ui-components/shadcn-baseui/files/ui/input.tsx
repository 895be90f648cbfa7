import { Input as InputPrimitive } from "@base-ui/react/input";
import { cn } from "@/lib/utils";

export function Input({ className, ...props }: InputPrimitive.Props) {
  return (
    <InputPrimitive
      className={cn(
        "h-12 w-full min-w-0 rounded-xs border border-input bg-transparent px-4 text-base placeholder:text-muted-foreground",
        "focus-visible:border-primary focus-visible:outline-2 focus-visible:-outline-offset-2 focus-visible:outline-primary",
        "aria-invalid:border-destructive disabled:cursor-not-allowed disabled:opacity-40",
        className,
      )}
      data-slot="input"
      {...props}
    />
  );
}
