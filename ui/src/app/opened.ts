/** What is opened from a list: one chunk, fetched by `parts.ts`. */
export { default as DetailsPane } from "../details/DetailsPane.svelte";
export { default as Dock } from "../dock/Dock.svelte";
export { default as Help } from "../shell/Help.svelte";
export { default as Palette } from "../shell/palette/Palette.svelte";
