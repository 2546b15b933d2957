// A list of suggestions completes a whole field; tags are several in one, so each
// suggestion is offered with the tags before it.

for (const field of document.querySelectorAll("input[list=known-tags]")) {
  const known = [...(field.list?.options ?? [])].map((option) => option.value);
  field.addEventListener("input", () => {
    const before = field.value.split(",").slice(0, -1).map((tag) => tag.trim());
    const start = before.length ? `${before.join(", ")}, ` : "";
    const left = known.filter((tag) => !before.includes(tag));
    field.list?.replaceChildren(...left.map((tag) => new Option("", start + tag)));
  });
}
