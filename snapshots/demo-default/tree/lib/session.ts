export const cookie = "acme-web";
