export interface NavigationItem {
  href: string;
  label: string;
}

/** The links of the app bar, in order. */
export const navigation: readonly NavigationItem[] = [{ href: "/", label: "Home" }];
