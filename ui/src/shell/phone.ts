/** The pages that a phone shows one at a time. */
export type PhonePage = "kinds" | "list" | "dock";
