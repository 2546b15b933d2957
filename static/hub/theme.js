// Runs before the first paint, so a remembered theme never flashes.
// No choice means the system's; `js` lets the style sheet show scripted controls.
(() => {
  const root = document.documentElement;
  root.classList.add("js");
  try {
    const theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
  } catch {
    // Storage can be switched off; the system's theme is right then.
  }
})();
