export const greeting = "Hello from __PRODUCT_NAME__";
