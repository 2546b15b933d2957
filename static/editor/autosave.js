// Unsaved work is kept in this browser, by account, draft, page and revision, until
// it is saved. It survives a reload, a crash and a lost session.

const DELAY_MS = 800;
const KEPT_DAYS = 30;
const MAX_OFFERS = 3;
const PREFIX = "aerostack-hub:draft:";

export class Autosave {
  constructor(form, documents, status) {
    this.form = form;
    this.documents = documents;
    this.status = status;
    // Each visit keeps its own record, so none is written over before the author
    // has decided about it.
    this.draftKey = `${PREFIX}${form.dataset.account}:${form.dataset.draft}:`;
    this.key = this.draftKey + Date.now();
    this.timer = 0;
    documents.addEventListener("change", () => {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.keep(), DELAY_MS);
    });
    addEventListener("pagehide", () => this.keep());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.keep();
    });
    forgetOldWork();
  }

  keep() {
    clearTimeout(this.timer);
    const changed = this.documents.list.filter((document) => document.isDirty);
    if (!changed.length) return this.forget();
    const record = {
      at: Date.now(),
      revision: this.form.elements.revision.value,
      documents: changed.map((document) => ({
        kind: document.kind,
        was: document.isNew ? "" : document.was,
        path: document.path,
        text: document.text,
        isDeleted: document.isDeleted,
      })),
    };
    try {
      localStorage.setItem(this.key, JSON.stringify(record));
    } catch {
      this.status.notice(
        "This browser has no room to keep unsaved work of this size. Save often.",
        {}, { name: "no-room" },
      );
    }
  }

  forget() {
    clearTimeout(this.timer);
    localStorage.removeItem(this.key);
  }

  // Offer what earlier visits left, newest first.
  offer() {
    const keys = Object.keys(localStorage).filter((key) => key.startsWith(this.draftKey));
    for (const key of keys.sort().reverse().slice(0, MAX_OFFERS)) {
      const record = read(key);
      if (record && this.#differs(record)) this.#offer(key, record);
      else localStorage.removeItem(key);
    }
  }

  #offer(key, record) {
    const when = new Date(record.at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const isOlder = record.revision !== this.form.elements.revision.value;
    const text = `Unsaved work from ${when} is kept in this browser.` +
      (isOlder ? " The draft was saved elsewhere since; saving will show both versions." : "");
    this.status.notice(text, {
      Restore: () => {
        this.#restore(record);
        this.keep();
        localStorage.removeItem(key);
      },
      Discard: () => localStorage.removeItem(key),
    }, { list: record.documents.map((document) => document.path), name: key, stays: true });
  }

  #differs(record) {
    return record.documents.some((kept) => {
      const document = this.#find(kept);
      return !document || kept.isDeleted || document.path !== kept.path || document.text !== kept.text;
    });
  }

  #find(kept) {
    if (kept.kind !== "source") return this.documents.ofKind(kept.kind);
    const name = kept.was || kept.path;
    return this.documents.files.find((document) => document.was === name);
  }

  // The work goes on from the revision it was begun on, so a draft that moved on
  // meanwhile is never overwritten unseen.
  #restore(record) {
    this.form.elements.revision.value = record.revision;
    for (const kept of record.documents) {
      const document = this.#find(kept) ?? this.documents.add(kept.path, kept.text);
      document.text = kept.text;
      document.isDeleted = kept.isDeleted;
      if (!document.isFixed && document.path !== kept.path) this.documents.rename(document, kept.path);
      document.field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    this.documents.listChanged();
    this.status.say("Restored, not saved yet", "restored");
  }
}

function read(key) {
  try {
    return JSON.parse(localStorage.getItem(key));
  } catch {
    return null;
  }
}

function forgetOldWork() {
  const oldest = Date.now() - KEPT_DAYS * 24 * 3600 * 1000;
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(PREFIX) && !(read(key)?.at > oldest)) localStorage.removeItem(key);
  }
}
