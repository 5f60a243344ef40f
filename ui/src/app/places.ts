/** What is shown in the place of a list, or beside no list at all: one chunk, fetched by `parts.ts`. */
export { default as Diagnosis } from "../doctor/Diagnosis.svelte";
export { default as Home } from "../session/Home.svelte";
export { default as OwnSessions } from "../session/OwnSessions.svelte";
export { default as Refused } from "../session/Refused.svelte";
export { default as SignIn } from "../session/SignIn.svelte";
