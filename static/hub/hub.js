// What makes public pages handier; every page works without it.

const THEMES = ["system", "light", "dark"];

function currentTheme() {
  return document.documentElement.dataset.theme ?? "system";
}

function setTheme(theme) {
  const root = document.documentElement;
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem("theme");
    else localStorage.setItem("theme", theme);
  } catch {
    // Not remembered, but it holds for this page.
  }
  root.dispatchEvent(new CustomEvent("themechange", { detail: theme }));
  labelThemeSwitch();
}

function labelThemeSwitch() {
  const theme = currentTheme();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
  for (const button of document.querySelectorAll(".theme-switch")) {
    button.setAttribute("aria-label", `Theme: ${theme}. Switch to ${next}`);
    button.title = `Theme: ${theme}`;
    button.dataset.next = next;
  }
}

// The Clipboard API exists only over HTTPS and on localhost; a Hub inside a
// company may run on plain HTTP.
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}

function announce(text) {
  const region = document.getElementById("announcer");
  if (region) region.textContent = text;
}

// <button class="copy" data-copy="text"> or data-copy-from="<id of an element>".
async function copyFrom(button) {
  const source = document.getElementById(button.dataset.copyFrom);
  const text = button.dataset.copy ?? source?.innerText ?? "";
  try {
    await copyText(text);
  } catch {
    announce("Copying failed. Select the text and copy it by hand.");
    return;
  }
  announce("Copied");
  button.dataset.done = "";
  setTimeout(() => delete button.dataset.done, 1600);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches(".theme-switch")) setTheme(button.dataset.next);
  if (button.matches(".copy")) copyFrom(button);
  if (button.dataset.bsDismiss === "alert") button.closest(".alert")?.remove();
});

// "/" goes to the search box, as in many registries.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable], .monaco-editor"))
    return;
  const box = document.querySelector(".site-search input, #q");
  if (!box) return;
  event.preventDefault();
  box.focus();
  box.select();
});

labelThemeSwitch();
