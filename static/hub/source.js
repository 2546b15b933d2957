// Line ranges (#L10-L20) and soft wrap on source pages. Without it a single
// line's link still works: each line has its own id.

const RANGE = /^#L(\d+)(?:-L(\d+))?$/;

function lines(from, to) {
  const found = [];
  for (let n = Math.min(from, to); n <= Math.max(from, to); n++) {
    const line = document.getElementById(`L${n}`);
    if (!line) break;
    found.push(line);
  }
  return found;
}

function markRange({ scroll }) {
  for (const line of document.querySelectorAll(".line--marked"))
    line.classList.remove("line--marked");
  const match = RANGE.exec(location.hash);
  if (!match) return;
  const marked = lines(Number(match[1]), Number(match[2] ?? match[1]));
  for (const line of marked) line.classList.add("line--marked");
  if (scroll && match[2]) marked[0]?.scrollIntoView({ block: "center" });
}

// Click marks a line, Shift-click everything from the marked line to it.
document.addEventListener("click", (event) => {
  const number = event.target.closest(".source .line > a[data-line]");
  if (!number || event.ctrlKey || event.metaKey) return;
  const start = RANGE.exec(location.hash);
  const [from, to] = [Number(start?.[1]), Number(number.dataset.line)];
  event.preventDefault();
  const range = event.shiftKey && start ? [from, to].sort((a, b) => a - b) : [to];
  history.replaceState(null, "", "#" + range.map((n) => `L${n}`).join("-"));
  markRange({ scroll: false });
});

function setWrap(wrap) {
  for (const source of document.querySelectorAll(".source"))
    source.classList.toggle("source--wrap", wrap);
}

const wrapSwitch = document.querySelector(".wrap-switch");
if (wrapSwitch) {
  try {
    wrapSwitch.checked = localStorage.getItem("wrap") === "yes";
  } catch {
    // Storage can be switched off; lines stay unwrapped.
  }
  setWrap(wrapSwitch.checked);
  wrapSwitch.addEventListener("change", () => {
    setWrap(wrapSwitch.checked);
    try {
      localStorage.setItem("wrap", wrapSwitch.checked ? "yes" : "no");
    } catch {
      // It holds for this page.
    }
  });
}

// A long tree starts at the file that is shown.
const tree = document.querySelector(".file-tree");
const shown = tree?.querySelector("[aria-current]");
if (shown) tree.scrollTop = shown.offsetTop - tree.offsetTop - tree.clientHeight / 2;

addEventListener("hashchange", () => markRange({ scroll: true }));
markRange({ scroll: true });
