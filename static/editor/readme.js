// The README as the Hub will show it, drawn by the server's own renderer.

const DELAY_MS = 600;

export function previewReadme(form, documents) {
  const target = form.querySelector("[data-readme-preview]");
  const readme = documents.ofKind("readme");
  let shown = null;
  let timer = 0;
  let request = null;

  const draw = async () => {
    const text = readme.text;
    if (text === shown || target.closest("[hidden]")) return;
    shown = text;
    request?.abort();
    request = new AbortController();
    const body = new FormData();
    body.append("readme", text);
    body.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
    try {
      const response = await fetch(form.dataset.readmeUrl, {
        method: "POST", body, redirect: "manual", signal: request.signal,
        headers: { Accept: "application/json, text/html" },
      });
      if (!response.ok) throw new Error((await response.json()).error);
      target.innerHTML = await response.text();
    } catch (error) {
      if (error.name === "AbortError") return;
      shown = null;
      const why = error.constructor === Error && error.message;
      target.textContent = `${why || "The preview could not be drawn."} The README itself is kept.`;
    }
  };

  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(draw, DELAY_MS);
  };
  documents.addEventListener("change", later);
  documents.addEventListener("select", later);
  form.addEventListener("panel", later);
  form.addEventListener("click", (event) => {
    if (event.target.closest("[data-panel-tab=readme]")) draw();
  });
}
