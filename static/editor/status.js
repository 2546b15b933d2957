// The one line that says how the draft stands: saved, unsaved, or what went wrong.

export class Status {
  constructor(form) {
    this.line = form.querySelector("[data-status]");
    this.notices = form.querySelector("[data-notices]");
    this.state = "";
  }

  say(text, state = "note") {
    this.state = state;
    this.line.dataset.state = state;
    this.line.textContent = text;
  }

  unsaved(isUnsaved) {
    if (isUnsaved && this.state !== "unsaved") this.say("Unsaved changes", "unsaved");
    else if (!isUnsaved && this.state === "unsaved") this.say("No unsaved changes", "clean");
  }

  // Something the author has to decide on. `buttons` maps a label to what it does;
  // pressing one takes the notice away unless the action returns true. One that
  // `stays` has to be decided on.
  notice(text, buttons = {}, { list = [], name = "", stays = false } = {}) {
    this.clear(name);
    const box = document.createElement("div");
    box.className = "editor-notice";
    box.dataset.notice = name;
    const sentence = document.createElement("p");
    sentence.textContent = text;
    box.append(sentence);
    if (list.length) box.append(bullets(list));
    for (const [label, act] of Object.entries(stays ? buttons : { ...buttons, Dismiss: () => {} })) {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "btn btn-sm btn-outline-secondary";
      button.textContent = label;
      button.addEventListener("click", () => act() || box.remove());
      box.append(button);
    }
    this.notices.append(box);
  }

  clear(name) {
    this.notices.querySelector(`[data-notice="${name}"]`)?.remove();
  }
}

function bullets(lines) {
  const list = document.createElement("ul");
  for (const line of lines) {
    const item = document.createElement("li");
    item.textContent = line;
    list.append(item);
  }
  return list;
}
