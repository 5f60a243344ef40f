import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type HtmlTagDescriptor, type Plugin } from "vite";

// What is drawn is a chunk of its own (`src/main.ts`), so that rows are asked for before it has been read. The page
// names it, or it would not be fetched before the first chunk has run.
function namedInThePage(module: string): Plugin {
  return {
    name: "named-in-the-page",
    transformIndexHtml: {
      order: "post",
      handler(html, { bundle }): HtmlTagDescriptor[] {
        const chunk = Object.values(bundle ?? {}).find((file) => file.type === "chunk" && (file.facadeModuleId?.endsWith(module) ?? false));
        if (chunk?.type !== "chunk") return [];
        const link = (rel: string, file: string): HtmlTagDescriptor => ({ tag: "link", attrs: { rel, crossorigin: true, href: `./${file}` }, injectTo: "head" });
        const named = (file: string) => html.includes(file);
        const scripts = [chunk.fileName, ...chunk.imports].filter((file) => !named(file));
        const styles = [...(chunk.viteMetadata?.importedCss ?? [])].filter((file) => !named(file));
        return [...scripts.map((file) => link("modulepreload", file)), ...styles.map((file) => link("stylesheet", file))];
      },
    },
  };
}

// The page is carried by the Python package: it is built into it, with relative addresses, so that it
// works under any base URL (the server fills in <base href>).
export default defineConfig({
  base: "./",
  plugins: [svelte(), namedInThePage("/src/app/App.svelte")],
  build: {
    outDir: "../src/headlamp/page",
    emptyOutDir: true,
    target: "es2022",
    cssCodeSplit: true,
    // Inlined assets would need `data:` in more places of the Content-Security-Policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
});
