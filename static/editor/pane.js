// The code pane: one Monaco editor showing the document that is selected. Where
// Monaco can't be loaded, the text fields stay and everything else works.

const LANGUAGES = {
  css: "plaintext", cjs: "javascript", cts: "typescript", js: "javascript",
  json: "json", jsx: "javascript", md: "markdown", mjs: "javascript",
  mts: "typescript", ts: "typescript", tsx: "typescript",
};

export function languageOf(path) {
  return LANGUAGES[path.split(".").pop().toLowerCase()] ?? "plaintext";
}

export class CodePane {
  constructor(form, documents, status) {
    this.form = form;
    this.documents = documents;
    this.status = status;
    this.host = form.querySelector("[data-monaco-host]");
    this.monaco = null;
    this.editor = null;
    this.views = new Map();
  }

  async load() {
    try {
      this.monaco = await import(this.form.dataset.monaco);
    } catch {
      this.status.say("The code editor could not be loaded. Plain text fields do the same.");
      return;
    }
    this.#configure();
    for (const document of this.documents.list) this.#open(document);
    this.documents.addEventListener("added", (event) => this.#open(event.detail));
    this.documents.addEventListener("renamed", (event) => this.#reopen(event.detail));
    this.editor = this.monaco.editor.create(this.host, this.#options());
    this.#letTabLeave();
    this.form.classList.add("has-monaco");
    this.show(this.documents.current);
    this.host.dataset.ready = "true";
  }

  show(document) {
    if (!this.editor || !document?.model) return;
    const before = this.editor.getModel();
    if (before) this.views.set(before.uri.toString(), this.editor.saveViewState());
    this.editor.setModel(document.model);
    this.editor.updateOptions({ ariaLabel: `${document.path}, code editor` });
    const view = this.views.get(document.model.uri.toString());
    if (view) this.editor.restoreViewState(view);
  }

  // Put the cursor where a finding is.
  goTo(document, line, column = 1) {
    this.documents.select(document);
    if (this.editor) {
      this.editor.revealLineInCenter(line);
      this.editor.setPosition({ lineNumber: line, column });
      this.editor.focus();
    } else {
      const before = document.text.split("\n").slice(0, line - 1).join("\n").length;
      document.field.focus();
      document.field.setSelectionRange(before + column, before + column);
    }
  }

  mark(document, markers) {
    if (!document.model) return;
    const { MarkerSeverity } = this.monaco;
    const severities = {
      error: MarkerSeverity.Error, warning: MarkerSeverity.Warning, info: MarkerSeverity.Info,
    };
    this.monaco.editor.setModelMarkers(document.model, "hub", markers.map((marker) => ({
      severity: severities[marker.severity],
      message: marker.message,
      source: marker.rule,
      startLineNumber: marker.line,
      startColumn: marker.column || 1,
      endLineNumber: marker.endLine || marker.line,
      endColumn: marker.endColumn || Number.MAX_SAFE_INTEGER,
    })));
  }

  // Packages are not installed here, so only syntax is judged while typing;
  // imports and types are the business of Validate and of the author's own build.
  #configure() {
    const { typescript, editor, json } = this.monaco;
    const schema = document.getElementById("manifest-schema");
    json.jsonDefaults.setDiagnosticsOptions({
      validate: true,
      schemas: schema
        ? [{ uri: "hub:aerostack.json", fileMatch: ["/.hub/aerostack.json"], schema: JSON.parse(schema.textContent) }]
        : [],
    });
    for (const defaults of [typescript.typescriptDefaults, typescript.javascriptDefaults]) {
      defaults.setDiagnosticsOptions({ noSemanticValidation: true, noSyntaxValidation: false });
      defaults.setCompilerOptions({
        allowJs: true,
        allowNonTsExtensions: true,
        module: typescript.ModuleKind.ESNext,
        moduleResolution: typescript.ModuleResolutionKind.NodeJs,
        target: typescript.ScriptTarget.ESNext,
      });
      defaults.setEagerModelSync(true);
    }
    const system = matchMedia("(prefers-color-scheme: dark)");
    const dress = () => {
      const chosen = document.documentElement.dataset.theme;
      const isDark = chosen ? chosen === "dark" : system.matches;
      const background = hex(getComputedStyle(this.host).backgroundColor);
      editor.defineTheme("hub", {
        base: isDark ? "vs-dark" : "vs",
        inherit: true,
        rules: [],
        colors: { "editor.background": background },
      });
      editor.setTheme("hub");
    };
    this.host.hidden = false;
    dress();
    system.addEventListener("change", dress);
    document.documentElement.addEventListener("themechange", dress);
  }

  #options() {
    const style = getComputedStyle(this.form);
    return {
      automaticLayout: true,
      detectIndentation: true,
      fixedOverflowWidgets: true,
      fontFamily: style.getPropertyValue("--font-code"),
      fontSize: 14,
      largeFileOptimizations: true,
      minimap: { enabled: false },
      model: null,
      padding: { top: 12, bottom: 12 },
      renderControlCharacters: true,
      scrollBeyondLastLine: false,
      smoothScrolling: !matchMedia("(prefers-reduced-motion: reduce)").matches,
      tabSize: 2,
      theme: "hub",
      unicodeHighlight: { ambiguousCharacters: true, invisibleCharacters: true },
    };
  }

  #open(document) {
    const uri = this.#uri(document);
    this.monaco.editor.getModel(uri)?.dispose();
    const model = this.monaco.editor.createModel(
      document.field.value, languageOf(document.path), uri,
    );
    document.attach(model);
    model.onDidChangeContent(() => {
      this.documents.changed();
    });
  }

  // A model's address is fixed, so a renamed file gets a new model.
  #reopen(document) {
    const { model } = document;
    if (!model) return;
    const wasDirty = document.isDirty;
    document.flush();
    this.#open(document);
    if (wasDirty) document.savedVersion = -1;
    if (this.documents.current === document) this.show(document);
    model.dispose();
  }

  #uri(document) {
    const folder = document.isFixed ? "/.hub/" : "/";
    return this.monaco.Uri.from({ scheme: "file", path: folder + document.path });
  }

  // Ctrl-M makes Tab leave the editor instead of indenting, and back; a line below
  // the editor says which it does.
  #letTabLeave() {
    const note = this.form.querySelector("[data-tab-mode]");
    let leaves = false;
    this.editor.onKeyDown((event) => {
      const { browserEvent } = event;
      if (!event.ctrlKey || event.shiftKey || event.altKey || browserEvent.code !== "KeyM") return;
      event.preventDefault();
      event.stopPropagation();
      leaves = !leaves;
      this.editor.updateOptions({ tabFocusMode: leaves });
      note.textContent = leaves ? "Tab leaves the editor." : "Tab indents.";
    });
  }
}

// Monaco wants colours as #rrggbb; a canvas writes any opaque colour that way.
function hex(colour) {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = colour;
  return canvas.fillStyle;
}
