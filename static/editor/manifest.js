// The manifest's fields and aerostack.json are two views of the same data. What is
// typed in one shows in the other; unknown keys and their order are kept.

const LISTS = { tags: ",", npmDependencies: "\n", envVars: "\n" };

export function keepManifestInStep(form, documents) {
  const fields = [...form.querySelectorAll("[data-manifest-key]")];
  const raw = documents.ofKind("manifest");
  const problem = form.querySelector("[data-manifest-problem]");
  let isWriting = false;

  const fieldsFollow = () => {
    if (isWriting) return;
    const manifest = parse(raw.text);
    problem.hidden = Boolean(manifest);
    if (!manifest) return;
    for (const field of fields) {
      if (field !== document.activeElement) show(field, manifest[field.dataset.manifestKey]);
    }
  };

  const rawFollows = (field) => {
    const manifest = parse(raw.text);
    if (!manifest) return;
    const key = field.dataset.manifestKey;
    const value = valueOf(field, manifest[key]);
    if (JSON.stringify(value) === JSON.stringify(manifest[key])) return;
    manifest[key] = value;
    isWriting = true;
    raw.text = JSON.stringify(manifest, null, 2) + "\n";
    isWriting = false;
    documents.changed();
  };

  documents.addEventListener("change", fieldsFollow);
  for (const field of fields) {
    field.addEventListener("input", () => rawFollows(field));
    field.addEventListener("change", () => rawFollows(field));
  }
  fieldsFollow();
}

function parse(text) {
  try {
    const manifest = JSON.parse(text);
    return manifest && typeof manifest === "object" && !Array.isArray(manifest) ? manifest : null;
  } catch {
    return null;
  }
}

function show(field, value) {
  const separator = LISTS[field.dataset.manifestKey];
  if (field.type === "checkbox") field.checked = value === true;
  else if (separator) {
    const text = Array.isArray(value) ? value.join(separator === "," ? ", " : "\n") : "";
    if (JSON.stringify(valueOf(field)) !== JSON.stringify(value ?? [])) field.value = text;
  } else field.value = typeof value === "string" ? value : "";
}

// An absent key stays absent while its field is empty.
function valueOf(field, before) {
  if (field.type === "checkbox") return field.checked || before !== undefined ? field.checked : undefined;
  const separator = LISTS[field.dataset.manifestKey];
  if (!separator) return field.value || before !== undefined ? field.value : undefined;
  const values = field.value.split(separator).map((part) => part.trim()).filter(Boolean);
  return values.length || before !== undefined ? values : undefined;
}
