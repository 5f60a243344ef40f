import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

// The page is carried by the Python package: it is built into it, with relative addresses, so that it
// works under any base URL (the server fills in <base href>).
export default defineConfig({
  base: "./",
  plugins: [svelte()],
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
