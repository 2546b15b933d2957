// How hard a new password is to guess, in words and as a bar, while it is typed.
// An estimate from length and common patterns; whether the password is accepted is
// decided by the server alone. Nothing typed here leaves the page.

const MIN_CHARACTERS = 12; // the server's rule (docs/accounts.md)
const COMMON = (
  "password passwort passwd letmein welcome admin login master monkey dragon shadow " +
  "sunshine princess football baseball iloveyou superman batman trustno secret " +
  "hello freedom whatever michael jordan hunter killer summer winter spring autumn " +
  "aerostack hub changeme default test user qwerty azerty qwertz"
).split(" ");
const ROWS = [
  "abcdefghijklmnopqrstuvwxyz",
  "01234567890",
  "qwertyuiop",
  "asdfghjkl",
  "zxcvbnm",
  "qwertz",
  "azerty",
  "1qaz2wsx3edc",
];
const LEET = { 0: "o", 1: "i", 3: "e", 4: "a", 5: "s", 7: "t", "@": "a", $: "s" };
const LEVELS = [
  { from: 14, score: 4, words: "Strong." },
  { from: 11, score: 3, words: "Good." },
  { from: 8, score: 2, words: "Fair. A few more words would make it stronger." },
  { from: 0, score: 1, words: "Weak: easy to guess. Use several unrelated words." },
];

const turned = (text) => [...text].reverse().join("");
const NEIGHBOURS = [...ROWS, ...ROWS.map(turned)];

// Characters that cost a guesser something: what is known or repeated counts as one.
function surprise(password, known) {
  let text = password.toLowerCase();
  for (const word of known) text = text.replaceAll(word, "\u0001");
  const plain = text.replace(/[013457@$]/g, (sign) => LEET[sign]);
  for (const word of known) if (plain.includes(word)) text = plain.replaceAll(word, "\u0001");
  text = text.replace(/(?:19|20)\d\d/g, "\u0002"); // years
  text = text.replace(/(.{1,8}?)\1+/gu, "$1"); // aaaa, abcabc
  let count = 0;
  for (let at = 0; at < text.length; at++) {
    const three = text.slice(at - 2, at + 1);
    const isRun = three.length === 3 && NEIGHBOURS.some((row) => row.includes(three));
    if (!isRun) count += 1; // the third of a run of neighbours tells nothing new
  }
  return count;
}

function judge(password, own) {
  if (password === "") return { score: 0, words: "" };
  const missing = MIN_CHARACTERS - [...password].length;
  if (missing > 0) {
    const plural = missing === 1 ? "character" : "characters";
    return { score: 0, words: `Too short: ${missing} more ${plural} needed.` };
  }
  const count = surprise(password, [...own, ...COMMON]);
  return LEVELS.find((level) => count >= level.from);
}

// What the form already knows of the person makes a poor password.
function ownWords(form) {
  const fields = form.querySelectorAll('[name="username"], [name="email"]');
  const words = [...fields].flatMap((field) => field.value.toLowerCase().split(/[@.\s]/));
  return words.filter((word) => word.length > 2);
}

const input = document.querySelector('#id_password1[type="password"]');
if (input) {
  const meter = document.createElement("meter");
  meter.max = 4;
  meter.low = 2;
  meter.high = 3;
  meter.optimum = 4;
  meter.setAttribute("aria-label", "Password strength");
  const words = document.createElement("span");
  words.setAttribute("aria-live", "polite");
  const box = document.createElement("div");
  box.className = "strength form-text";
  box.append(meter, words);
  (input.closest(".input-group") ?? input).after(box);

  const update = () => {
    const judged = judge(input.value, ownWords(input.form));
    meter.value = judged.score;
    meter.setAttribute("aria-valuetext", judged.words || "Nothing typed yet");
    if (words.textContent !== judged.words) words.textContent = judged.words;
  };
  input.form.addEventListener("input", update);
  update();
}
