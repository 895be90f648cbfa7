import { handlers } from "@/lib/auth";

/** The endpoints of Auth.js, for the provider and the sign-in page. */
export const { GET, POST } = handlers;
