import { handlers } from "@/lib/auth";

/** The addresses that the provider and the sign-in page talk to. */
export const { GET, POST } = handlers;
