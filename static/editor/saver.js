// Saving without leaving the page. The revision travels as If-Match; a draft that
// moved on meanwhile is answered with 412, and the form is then posted as a whole
// so that the server shows both versions.

export class Saver extends EventTarget {
  constructor(form, documents, status) {
    super();
    this.form = form;
    this.documents = documents;
    this.status = status;
    this.running = null;
  }

  get revision() {
    return this.form.elements.revision.value;
  }

  // One save at a time; resolves to whether the draft is saved.
  save() {
    this.running ??= this.#save().finally(() => (this.running = null));
    return this.running;
  }

  async #save() {
    this.status.say("Saving…", "saving");
    this.documents.flush();
    const response = await this.#post().catch(() => null);
    if (!response) return this.#fail("The Hub can't be reached. Your work is kept in this browser; save again later.");
    if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) {
      return this.#signedOut();
    }
    const answer = await response.json().catch(() => ({}));
    if (response.ok) return this.#done(answer);
    if (response.status === 412) return this.#conflict();
    this.#fail(`Not saved. ${answer.error ?? `The Hub answered ${response.status}.`}`);
    const faults = (answer.details ?? []).map((fault) =>
      fault.field ? `${fault.field}: ${fault.message}` : fault.message);
    if (faults.length) this.status.notice("To mend before it can be saved:", {}, { list: faults, name: "faults" });
    return false;
  }

  #post() {
    return fetch(this.form.action, {
      method: "POST",
      body: new FormData(this.form),
      headers: { Accept: "application/json", "If-Match": `"${this.revision}"` },
      redirect: "manual",
    });
  }

  #done(answer) {
    this.form.elements.revision.value = answer.revision;
    this.form.elements.manifest_was.value = this.form.elements.manifest.value;
    this.documents.markSaved();
    for (const name of ["faults", "warnings", "signed-out", "other-tab"]) this.status.clear(name);
    const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
    this.status.say(`Saved at ${time}`, "saved");
    if (answer.warnings.length) {
      this.status.notice("Saved. Before you publish:", {}, { list: answer.warnings, name: "warnings" });
    }
    this.dispatchEvent(new CustomEvent("saved", { detail: answer }));
    return true;
  }

  #conflict() {
    this.#fail("The draft was changed elsewhere. Showing both versions…");
    HTMLFormElement.prototype.submit.call(this.form);
    return false;
  }

  #fail(text) {
    this.status.say(text, "failed");
    return false;
  }

  // The work stays in this browser. Signing in elsewhere makes a new CSRF token,
  // which is read from a fresh copy of this page.
  #signedOut() {
    this.#fail("Not saved: you are signed out. Your work is kept in this browser.");
    const signIn = () => window.open(this.form.dataset.login, "_blank", "noopener") || true;
    const again = async () => {
      const page = await fetch(location.href, { redirect: "manual" }).catch(() => null);
      if (!page?.ok) return true;
      const fresh = new DOMParser().parseFromString(await page.text(), "text/html");
      const token = fresh.querySelector("form[data-editor] [name=csrfmiddlewaretoken]");
      if (token) this.form.elements.csrfmiddlewaretoken.value = token.value;
      this.save();
    };
    this.status.notice(
      "You are signed out. Sign in in another tab, then save here again.",
      { "Sign in": () => (signIn(), true), "Save again": () => (again(), true) },
      { name: "signed-out" },
    );
    return false;
  }
}
