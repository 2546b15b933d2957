// What Validate found: a list drawn by the server, and marks in the code.

export class Findings extends EventTarget {
  constructor(form, documents, pane) {
    super();
    this.form = form;
    this.documents = documents;
    this.pane = pane;
    this.panel = form.querySelector("[data-findings]");
    this.tally = form.querySelector("[data-findings-count]");
    this.all = [];
    this.panel.addEventListener("click", (event) => this.#follow(event));
    form.querySelector("[data-monaco-host]").addEventListener("focusin", () => this.#mark(), { once: true });
  }

  countOf(document) {
    return this.all.filter((finding) => finding.path === document.path).length;
  }

  // Findings that came with the page, when it was asked to validate.
  readFromPage() {
    const data = document.getElementById("findings-data");
    if (data) this.#take(JSON.parse(data.textContent));
  }

  async fetch() {
    this.panel.setAttribute("aria-busy", "true");
    const response = await fetch(this.form.dataset.validateUrl, {
      headers: { Accept: "application/json" }, redirect: "manual",
    }).catch(() => null);
    this.panel.removeAttribute("aria-busy");
    if (!response?.ok) {
      const answer = await response?.json().catch(() => null);
      const why = answer?.error ?? "The draft could not be checked just now.";
      this.panel.textContent = `${why} It is saved; try again in a moment.`;
      return;
    }
    const answer = await response.json();
    this.panel.innerHTML = answer.html;
    this.#take(answer.findings);
    this.form.dispatchEvent(new CustomEvent("panel", { detail: "findings" }));
    this.panel.querySelector("h2, h3")?.focus();
  }

  #take(findings) {
    this.all = findings;
    this.tally.textContent = findings.length || "";
    this.#mark();
    this.dispatchEvent(new Event("change"));
  }

  #mark() {
    for (const document of this.documents.list) {
      const here = this.all.filter((finding) => finding.path === document.path && finding.line);
      this.pane.mark(document, here);
    }
  }

  #follow(event) {
    const link = event.target.closest("[data-line]");
    const document = link && this.documents.byPath(link.dataset.file);
    if (!document) return;
    event.preventDefault();
    this.pane.goTo(document, Number(link.dataset.line), Number(link.dataset.column) || 1);
  }
}
