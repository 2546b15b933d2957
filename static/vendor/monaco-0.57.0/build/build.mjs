// Bundles Monaco into the folder above this one. See README.md.
import { build } from "esbuild";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.dirname(here);
const monaco = path.join(here, "node_modules/monaco-editor");
const vs = path.join(monaco, "esm/vs");

for (const file of readdirSync(out)) {
  if (/\.(js|css|ttf|txt|br)$/.test(file)) rmSync(path.join(out, file));
}

const shared = {
  bundle: true,
  charset: "utf8",
  format: "esm",
  legalComments: "none", // the notices are kept whole, beside the bundle
  logOverride: { "commonjs-variable-in-esm": "silent", "empty-import-meta": "silent" },
  minify: true,
  outdir: out,
  target: "es2022",
};

await build({
  ...shared,
  assetNames: "[name]",
  chunkNames: "chunk-[hash]",
  entryPoints: { monaco: path.join(here, "entry.js") },
  loader: { ".ttf": "file" },
  splitting: true,
});
await build({
  ...shared,
  entryPoints: {
    "editor.worker": path.join(vs, "editor/editor.worker.js"),
    "json.worker": path.join(vs, "languages/features/json/json.worker.js"),
    "ts.worker": path.join(vs, "languages/features/typescript/ts.worker.js"),
  },
});

// Lazily loaded chunks each carry a copy of the one style sheet. A map that is
// named but not shipped breaks collectstatic.
for (const file of readdirSync(out)) {
  const at = path.join(out, file);
  if (/^chunk-.*\.css$/.test(file)) rmSync(at);
  if (!file.endsWith(".js")) continue;
  const text = readFileSync(at, "utf8");
  const kept = text.replace(/^\/\/# sourceMappingURL=.*$/gm, "").trimEnd() + "\n";
  if (kept !== text) writeFileSync(at, kept);
}

const notices = path.join(here, "node_modules/dompurify/LICENSE"); // missing in Monaco's own
copyFileSync(notices, path.join(out, "LICENSE-DOMPurify.txt"));
copyFileSync(path.join(monaco, "LICENSE"), path.join(out, "LICENSE.txt"));
copyFileSync(path.join(monaco, "ThirdPartyNotices.txt"), path.join(out, "ThirdPartyNotices.txt"));

// Compressed once, here: servers send the .br to every browser that takes it, 2 MB
// instead of 12.
for (const file of readdirSync(out)) {
  if (!/\.(js|css)$/.test(file)) continue;
  const at = path.join(out, file);
  writeFileSync(`${at}.br`, brotliCompressSync(readFileSync(at)));
}
