import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

// `npm run dev` serves the screen with live reload; the API comes from a running host (NUDGE_HOST, by default where it
// listens), which has to know the name: `cargo xtask run --public-name localhost:5173`.
const proxied = { target: process.env.NUDGE_HOST ?? "http://localhost:3000" };

export default defineConfig({
  plugins: [svelte()],
  build: {
    target: "es2022",
    // An inlined asset would be a data: URL, which the page's policy refuses for scripts and fonts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    proxy: { "/api": proxied, "/sign-in": proxied, "/ws": { ...proxied, ws: true } },
  },
  test: {
    include: ["src/**/*.test.ts"],
    environment: "node",
  },
});
