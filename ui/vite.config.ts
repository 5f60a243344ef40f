import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type HtmlTagDescriptor, type Plugin, type Rolldown } from "vite";

const sourceOf = (path: string): string => fileURLToPath(new URL(`src/${path}`, import.meta.url));

// What every list needs comes in two chunks: one that asks for rows, and one that draws them (`src/main.ts`). Without
// being told, the bundler makes a chunk of each module that they share with a part that is loaded later.
const CHUNKS = [
  { name: "first", entry: sourceOf("main.ts") },
  { name: "page", entry: sourceOf("app/App.svelte") },
];

/** The chunk of a module that is imported, by way of other modules, from the entry of one: the first that says so. */
function chunkOf(): (id: string, context: Rolldown.ChunkingContext) => string | null {
  const known: { readonly name: string; readonly modules: ReadonlySet<string> }[] = [];
  return (id, context) => {
    if (known.length === 0) known.push(...CHUNKS.map(({ name, entry }) => ({ name, modules: reachable(entry, context) })));
    return known.find(({ modules }) => modules.has(id))?.name ?? null;
  };
}

function reachable(entry: string, context: Rolldown.ChunkingContext): ReadonlySet<string> {
  const found = new Set([entry]);
  for (const id of found) for (const imported of context.getModuleInfo(id)?.importedIds ?? []) found.add(imported);
  return found;
}

// The chunk that draws is named in the page, or it would not be fetched before the first one has run.
function namedInThePage(module: string): Plugin {
  return {
    name: "named-in-the-page",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }): HtmlTagDescriptor[] {
        const files = bundle ?? {};
        const own = Object.values(files).filter((file) => file.type === "chunk" && (file.facadeModuleId === module || file.moduleIds.includes(module)));
        if (own.length === 0) throw new Error(`no chunk is of ${module}`);
        const chunks = new Set(own.flatMap((file) => (file.type === "chunk" ? [file, ...file.imports.map((name) => files[name])] : [])));
        const link = (rel: string, file: string): HtmlTagDescriptor => ({ tag: "link", attrs: { rel, crossorigin: true, href: `./${file}` }, injectTo: "head" });
        const unnamed = (file: string) => !html.includes(file);
        const scripts = [...chunks].flatMap((file) => file?.fileName ?? []).filter(unnamed);
        const styles = [...chunks].flatMap((file) => (file?.type === "chunk" ? [...(file.viteMetadata?.importedCss ?? [])] : [])).filter(unnamed);
        return [...scripts.map((file) => link("modulepreload", file)), ...styles.map((file) => link("stylesheet", file))];
      },
    },
  };
}

// The page is carried by the Python package: it is built into it, with relative addresses, so that it
// works under any base URL (the server fills in <base href>).
export default defineConfig({
  base: "./",
  plugins: [svelte(), namedInThePage(sourceOf("app/App.svelte"))],
  build: {
    outDir: "../src/headlamp/page",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: true,
    // Inlined assets would need `data:` in more places of the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: chunkOf() }] } } },
  },
});
