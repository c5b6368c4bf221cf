import { defineConfig } from "vite";

/** Everything the console needs is built into files beside index.html: it must work where there is no internet. */
export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/asman/edge/static",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      output: {
        // A worker served as .mjs is refused by servers that do not know the ending; .js is known everywhere.
        assetFileNames: (asset) =>
          asset.names.some((name) => name.endsWith(".mjs")) ? "assets/[hash].worker.js" : "assets/[name]-[hash][extname]",
      },
    },
  },
  worker: { format: "es" },
  server: { proxy: { "/api": { target: "http://127.0.0.1:8080", ws: true } } },
});
