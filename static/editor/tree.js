// The list of files beside the code, with what can be done to each.

export class Tree {
  constructor(form, documents, findings) {
    this.documents = documents;
    this.findings = findings;
    this.list = form.querySelector("[data-tree]");
    this.actions = form.querySelector("[data-file-actions]");
    this.dialog = document.querySelector("dialog[data-path-dialog]");
    documents.addEventListener("list", () => this.draw());
    documents.addEventListener("select", () => this.draw());
    documents.addEventListener("change", () => this.#markDirty());
    findings.addEventListener("change", () => this.draw());
    this.list.addEventListener("click", (event) => this.#choose(event));
    this.list.addEventListener("keydown", (event) => this.#move(event));
    this.#bind("add", () => this.#add());
    this.#bind("rename", () => this.#rename());
    this.#bind("delete", () => documents.toggleDeleted(documents.current));
  }

  draw() {
    const hadFocus = this.list.contains(document.activeElement);
    const sources = this.documents.files.sort((a, b) => a.path.localeCompare(b.path));
    const fixed = this.documents.list.filter((document) => document.isFixed);
    this.list.replaceChildren(...this.#rows(sources), ...fixed.map((d) => this.#row(d, 0)));
    const { current } = this.documents;
    if (hadFocus) this.#buttons.find((button) => button.document === current)?.focus();
    this.#button("rename").disabled = current?.isFixed ?? true;
    this.#button("delete").disabled = current?.isFixed ?? true;
    this.#button("delete").textContent = current?.isDeleted ? "Restore" : "Delete";
  }

  #rows(sources) {
    const rows = [];
    let folder = "";
    for (const source of sources) {
      const parts = source.path.split("/");
      const parent = parts.slice(0, -1).join("/");
      if (parent && parent !== folder) {
        const row = document.createElement("li");
        row.className = "tree-folder";
        row.textContent = `${parent}/`;
        rows.push(row);
      }
      folder = parent;
      rows.push(this.#row(source, parent ? 1 : 0));
    }
    return rows;
  }

  #row(source, depth) {
    const row = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "tree-file";
    button.document = source;
    button.style.setProperty("--depth", depth);
    button.title = source.path;
    if (source === this.documents.current) button.setAttribute("aria-current", "true");
    const name = document.createElement(source.isDeleted ? "s" : "span");
    name.textContent = source.path.split("/").pop() || "(no name)";
    button.append(name, note(source), ...this.#count(source));
    row.append(button);
    return row;
  }

  #count(source) {
    const number = this.findings.countOf(source);
    if (!number) return [];
    const badge = document.createElement("span");
    badge.className = "tree-count";
    badge.textContent = number;
    badge.append(hidden(number === 1 ? " finding" : " findings"));
    return [badge];
  }

  #markDirty() {
    for (const button of this.#buttons) {
      button.querySelector(".tree-note").replaceWith(note(button.document));
    }
  }

  get #buttons() {
    return [...this.list.querySelectorAll(".tree-file")];
  }

  #choose(event) {
    const button = event.target.closest(".tree-file");
    if (button) this.documents.select(button.document);
  }

  #move(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const buttons = this.#buttons;
    const at = buttons.indexOf(document.activeElement);
    buttons[(at + step + buttons.length) % buttons.length].focus();
  }

  #button(name) {
    return this.actions.querySelector(`[data-action=${name}]`);
  }

  #bind(name, act) {
    this.#button(name).addEventListener("click", act);
  }

  async #add() {
    const path = await this.#ask("Add a file", "");
    if (path) this.documents.select(this.documents.add(path, ""));
  }

  async #rename() {
    const source = this.documents.current;
    const path = await this.#ask("Rename the file", source.path, source);
    if (path) this.documents.rename(source, path);
  }

  // Ask for a path that no other file has. Resolves to "" when called off.
  #ask(title, path, source = null) {
    const { dialog } = this;
    const field = dialog.querySelector("input");
    dialog.querySelector("[data-title]").textContent = title;
    field.value = path;
    field.oninput = () => {
      const other = this.documents.byPath(field.value.trim());
      const isTaken = other && other !== source;
      field.setCustomValidity(isTaken ? "There is a file of that name already." : "");
    };
    field.oninput();
    dialog.returnValue = "";
    dialog.showModal();
    field.select();
    return new Promise((resolve) => {
      dialog.addEventListener(
        "close",
        () => resolve(dialog.returnValue === "ok" ? field.value.trim() : ""),
        { once: true },
      );
    });
  }
}

function note(source) {
  const mark = document.createElement("span");
  mark.className = "tree-note";
  if (source.isDeleted) mark.append(hidden("will be deleted"));
  else if (source.isDirty) mark.append("●", hidden(" unsaved"));
  return mark;
}

function hidden(text) {
  const span = document.createElement("span");
  span.className = "visually-hidden";
  span.textContent = text;
  return span;
}
