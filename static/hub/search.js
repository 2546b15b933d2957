// Suggestions under a search box while one types. Enter still sends the form.

const DELAY = 120; // milliseconds of rest before asking

function attach(box) {
  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = `${box.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  list.hidden = true;
  box.parentElement.append(list);
  for (const [name, value] of Object.entries({
    role: "combobox",
    "aria-autocomplete": "list",
    "aria-controls": list.id,
    "aria-expanded": "false",
  }))
    box.setAttribute(name, value);

  let timer;
  let asked;
  const options = () => [...list.querySelectorAll("[role=option]")];

  function close() {
    list.hidden = true;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  }

  function choose(option) {
    for (const each of options())
      each.setAttribute("aria-selected", String(each === option));
    if (option) box.setAttribute("aria-activedescendant", option.id);
    else box.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }

  function show(functions) {
    list.replaceChildren(
      ...functions.map((found, index) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${index}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        option.dataset.url = found.url;
        const name = document.createElement("strong");
        name.textContent = found.name;
        const about = document.createElement("span");
        about.textContent = found.description;
        option.append(name, about);
        return option;
      }),
    );
    list.hidden = functions.length === 0;
    box.setAttribute("aria-expanded", String(!list.hidden));
    choose(null);
  }

  async function ask() {
    asked?.abort();
    const words = box.value.trim();
    if (words.length < 2) return close();
    asked = new AbortController();
    try {
      const address = `/functions/suggest?q=${encodeURIComponent(words)}`;
      const answer = await fetch(address, { signal: asked.signal });
      if (!answer.ok) return close();
      show((await answer.json()).functions);
    } catch {
      // Aborted by the next key, or offline: the form still works.
    }
  }

  box.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, DELAY);
  });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    const all = options();
    const now = all.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "Escape" && !list.hidden) {
      event.preventDefault();
      close();
    } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (list.hidden) return;
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      choose(all[(now + step + all.length + (now < 0 && step < 0)) % all.length]);
    } else if (event.key === "Enter" && !list.hidden && now >= 0) {
      event.preventDefault();
      location.assign(all[now].dataset.url);
    }
  });
  // Before blur closes the list.
  list.addEventListener("mousedown", (event) => {
    const option = event.target.closest("[role=option]");
    if (!option || event.button !== 0) return;
    event.preventDefault();
    location.assign(option.dataset.url);
  });
}

for (const box of document.querySelectorAll("[role=search] input[type=search]"))
  attach(box);
