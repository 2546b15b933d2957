// Files from the author's machine: chosen, dropped or pasted, folders included.

const MAX_FILES = 50;
const MAX_FILE_BYTES = 512 * 1024;
const SKIPPED = /(^|\/)(node_modules|\.[^/]*|package-lock\.json|pnpm-lock\.yaml|yarn\.lock)(\/|$)/;

export function acceptFiles(form, documents, status) {
  const take = async (entries) => {
    const { texts, skipped } = await readAll(entries);
    const done = texts.map(({ path, text }) => put(documents, path, text));
    documents.listChanged();
    const count = (what) => done.filter((one) => one === what).length;
    status.notice(
      `Added ${count("added")}, replaced ${count("replaced")}. Not saved yet.`,
      {}, { list: skipped, name: "intake" },
    );
  };

  for (const input of form.querySelectorAll("input[data-upload]")) {
    input.addEventListener("change", async () => {
      const files = [...input.files].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
      await take(files);
      input.value = ""; // taken over as text; not to be sent a second time
    });
  }
  form.addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) event.preventDefault();
  });
  const onTransfer = async (event, data) => {
    if (!data?.types.includes("Files")) return;
    event.preventDefault();
    event.stopPropagation();
    take(await walk(data));
  };
  form.addEventListener("drop", (event) => onTransfer(event, event.dataTransfer), true);
  form.addEventListener("paste", (event) => onTransfer(event, event.clipboardData), true);
}

function put(documents, path, text) {
  const special = { "aerostack.json": "manifest", "README.md": "readme" }[path];
  const known = special ? documents.ofKind(special) : documents.byPath(path);
  if (!known) {
    documents.add(path, text);
    return "added";
  }
  known.text = text;
  known.isDeleted = false;
  return "replaced";
}

async function readAll(entries) {
  const skipped = [];
  const texts = [];
  for (const { file, path: full } of withoutTopFolder(entries)) {
    const path = full;
    const reason = SKIPPED.test(path) ? "not part of a function's source"
      : texts.length >= MAX_FILES ? `more than ${MAX_FILES} files`
      : file.size > MAX_FILE_BYTES ? "larger than 512 KiB"
      : null;
    const text = reason ? null : await textOf(file);
    if (text !== null) texts.push({ path, text });
    else if (!path.includes("node_modules/")) skipped.push(`${path} left out: ${reason ?? "not UTF-8 text"}`);
  }
  return { texts, skipped };
}

async function textOf(file) {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(await file.arrayBuffer());
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

// A folder is pasted as what is in it: paths are relative to the function's own folder.
function withoutTopFolder(entries) {
  const tops = new Set(entries.map(({ path }) => path.split("/")[0]));
  const isOneFolder = tops.size === 1 && entries.every(({ path }) => path.includes("/"));
  if (!isOneFolder) return entries;
  return entries.map(({ file, path }) => ({ file, path: path.slice(path.indexOf("/") + 1) }));
}

async function walk(data) {
  const roots = [...data.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!roots.length) return [...data.files].map((file) => ({ file, path: file.name }));
  const found = [];
  for (const root of roots) await collect(root, found);
  return found;
}

async function collect(entry, found) {
  const path = entry.fullPath.replace(/^\//, "");
  if (found.length > MAX_FILES * 10 || /(^|\/)(node_modules|\.git)$/.test(path)) return;
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const batch = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!batch.length) return;
    for (const child of batch) await collect(child, found);
  }
}
