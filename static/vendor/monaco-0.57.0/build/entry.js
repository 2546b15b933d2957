// What the Hub's editor loads: Monaco with its editing features, the four
// languages a function is written in, and workers served from our own origin.
import "monaco-editor/features/register.all.js";
import "monaco-editor/languages/definitions/javascript/register.js";
import "monaco-editor/languages/definitions/markdown/register.js";
import "monaco-editor/languages/definitions/typescript/register.js";
export * as json from "monaco-editor/languages/features/json/register.js";
export * as typescript from "monaco-editor/languages/features/typescript/register.js";
export * from "monaco-editor/editor.js";

const WORKERS = {
  json: "json.worker.js",
  javascript: "ts.worker.js",
  typescript: "ts.worker.js",
};

// A worker's address is worked out from this module's, so that the bundle runs
// from any STATIC_URL without `blob:` in the Content-Security-Policy.
self.MonacoEnvironment = {
  getWorker(_, label) {
    const file = WORKERS[label] ?? "editor.worker.js";
    return new Worker(new URL(file, import.meta.url), { type: "module" });
  },
};
