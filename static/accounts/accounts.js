// Comforts of the account pages: look at a password while typing it, and say
// why a passkey didn't work. Everything else works without it.

for (const input of document.querySelectorAll('input[type="password"]')) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn";
  button.textContent = "Show";
  button.setAttribute("aria-controls", input.id);
  button.setAttribute("aria-label", "Show the password");
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = shown ? "Hide" : "Show";
    button.setAttribute("aria-pressed", String(shown));
  });
  const group = document.createElement("div");
  group.className = "input-group";
  input.before(group);
  group.append(input, button);
}

// A cancelled dialog and a device without a passkey look the same to a page.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  let problem = document.getElementById("passkey-problem");
  if (!problem) {
    problem = document.createElement("div");
    problem.id = "passkey-problem";
    problem.className = "alert alert-danger";
    problem.setAttribute("role", "alert");
    document.querySelector("h1").after(problem);
  }
  problem.hidden = false;
  problem.textContent =
    "No passkey was used: the request was cancelled, timed out, or this device has " +
    "none for this account. Nothing changed; try again, or use another way.";
});

// On a phone the list of settings is wider than the screen.
document
  .querySelector(".segmented [aria-current]")
  ?.scrollIntoView({ block: "nearest", inline: "nearest" });
