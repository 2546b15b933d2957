// The documents of a draft: its source files, README.md and aerostack.json.
// Each is a fieldset of the form; a Monaco model stands in for its text field
// while there is one.

export class SourceDocument {
  constructor(element, isNew = false) {
    this.element = element;
    this.kind = element.dataset.document;
    this.field = element.querySelector("[data-text]");
    this.pathField = element.querySelector("[data-path]");
    this.wasField = element.querySelector("[data-was]");
    this.deleteBox = element.querySelector("[data-delete]");
    this.model = null;
    this.isNew = isNew;
    this.savedText = this.field.value;
    this.savedVersion = 0;
  }

  get path() {
    return this.pathField ? this.pathField.value : this.element.dataset.name;
  }

  set path(path) {
    this.pathField.value = path;
  }

  // The path the server knows the file by; empty for a file it has not seen.
  get was() {
    return this.wasField ? this.wasField.value : this.path;
  }

  get isFixed() {
    return !this.pathField;
  }

  get isDeleted() {
    return this.deleteBox?.checked ?? false;
  }

  set isDeleted(deleted) {
    if (this.deleteBox) this.deleteBox.checked = deleted;
  }

  get text() {
    return this.model ? this.model.getValue() : this.field.value;
  }

  // As an edit, so that it can be undone.
  set text(text) {
    if (!this.model) {
      this.field.value = text;
      return;
    }
    if (this.model.getValue() === text) return;
    const range = this.model.getFullModelRange();
    this.model.pushEditOperations([], [{ range, text }], () => null);
  }

  // Comparing versions instead of text keeps typing in large files fluent.
  get isDirty() {
    if (this.isNew || this.isDeleted || this.path !== this.was) return true;
    if (!this.model) return this.field.value !== this.savedText;
    return this.model.getAlternativeVersionId() !== this.savedVersion;
  }

  attach(model) {
    this.model = model;
    this.savedVersion = this.field.value === this.savedText
      ? model.getAlternativeVersionId()
      : -1;
  }

  flush() {
    if (this.model) this.field.value = this.model.getValue();
  }

  markSaved() {
    this.isNew = false;
    this.savedText = this.field.value;
    this.savedVersion = this.model?.getAlternativeVersionId() ?? 0;
    if (this.wasField) this.wasField.value = this.path;
  }

  markUnsaved() {
    this.savedText = null;
    this.savedVersion = -1;
  }
}

// Fires "list" (files came, went or were renamed), "change" (any text) and "select".
export class Documents extends EventTarget {
  constructor(form) {
    super();
    this.form = form;
    this.holder = form.querySelector("[data-documents]");
    this.template = form.querySelector("template[data-empty-document]");
    this.total = form.querySelector("[name=files-TOTAL_FORMS]");
    this.list = [...this.holder.querySelectorAll("[data-document]")]
      .filter((element) => !this.#removeEmptyRow(element))
      .map((element) => new SourceDocument(element));
    if (form.dataset.unsaved !== undefined) this.list.forEach((d) => d.markUnsaved());
    this.current = null;
    this.holder.addEventListener("input", () => this.changed());
  }

  // Without scripts the form ends in blank rows for new files. Here a button adds them.
  #removeEmptyRow(element) {
    const isBlank = element.dataset.blank !== undefined &&
      !element.querySelector("[data-path]").value;
    if (isBlank) element.remove();
    return isBlank;
  }

  get files() {
    return this.list.filter((document) => document.kind === "source");
  }

  get first() {
    return this.list.find((document) => document.path === this.form.dataset.entrypoint) ??
      this.files[0] ?? this.list[0];
  }

  get isDirty() {
    return this.list.some((document) => document.isDirty);
  }

  ofKind(kind) {
    return this.list.find((document) => document.kind === kind);
  }

  byPath(path) {
    return this.list.find((document) => document.path === path);
  }

  // The document a link such as #file=src/index.ts names.
  at(hash) {
    const [name, path] = decodeURIComponent(hash.slice(1)).split("=");
    return name === "file" ? this.byPath(path) : undefined;
  }

  add(path, text) {
    const number = Number(this.total.value);
    this.total.value = number + 1;
    const html = this.template.innerHTML.replaceAll("__prefix__", number);
    this.holder.insertAdjacentHTML("beforeend", html);
    const document = new SourceDocument(this.holder.lastElementChild, true);
    document.path = path;
    document.field.value = text;
    this.list.push(document);
    this.dispatchEvent(new CustomEvent("added", { detail: document }));
    this.listChanged();
    return document;
  }

  rename(document, path) {
    document.path = path;
    this.dispatchEvent(new CustomEvent("renamed", { detail: document }));
    this.listChanged();
  }

  // A file the server has not seen is dropped, another is marked until the next save.
  toggleDeleted(document) {
    document.isDeleted = !document.isDeleted;
    if (document.isNew) this.drop(document);
    this.listChanged();
  }

  drop(document) {
    this.list = this.list.filter((other) => other !== document);
    document.element.remove();
    document.model?.dispose();
    if (this.current === document) this.select(this.first);
  }

  select(document) {
    this.current = document;
    for (const other of this.list) {
      other.element.classList.toggle("is-current", other === document);
    }
    this.dispatchEvent(new Event("select"));
  }

  flush() {
    this.list.forEach((document) => document.flush());
  }

  markSaved() {
    for (const document of [...this.list]) {
      if (document.isDeleted) this.drop(document);
      else document.markSaved();
    }
    this.listChanged();
  }

  changed() {
    this.dispatchEvent(new Event("change"));
  }

  listChanged() {
    this.dispatchEvent(new Event("list"));
    this.changed();
  }
}
