// Turns the plain draft form into the editor. The form works without this file:
// one text field per document, a check box to delete, a button to save.

import { Autosave } from "./autosave.js";
import { Documents } from "./documents.js";
import { Findings } from "./findings.js";
import { acceptFiles } from "./intake.js";
import { keepManifestInStep } from "./manifest.js";
import { CodePane } from "./pane.js";
import { previewReadme } from "./readme.js";
import { Saver } from "./saver.js";
import { Status } from "./status.js";
import { watchOtherTabs } from "./tabs.js";
import "./tags.js";
import { Tree } from "./tree.js";

const form = document.querySelector("form[data-editor]");
if (form) start(form);

function start(form) {
  document.documentElement.classList.add("has-editor");
  const status = new Status(form);
  const documents = new Documents(form);
  const pane = new CodePane(form, documents, status);
  const findings = new Findings(form, documents, pane);
  const tree = new Tree(form, documents, findings);
  const saver = new Saver(form, documents, status);
  const autosave = new Autosave(form, documents, status);

  documents.addEventListener("select", () => pane.show(documents.current));
  documents.addEventListener("change", () => status.unsaved(documents.isDirty));
  saver.addEventListener("saved", () => autosave.forget());
  keepManifestInStep(form, documents);
  previewReadme(form, documents);
  acceptFiles(form, documents, status);
  watchOtherTabs(form, saver, status);
  switchPanels(form, documents);
  submitInPlace(form, documents, saver, findings);

  tree.draw();
  findings.readFromPage();
  documents.select(documents.at(location.hash) ?? documents.first);
  status.unsaved(documents.isDirty);
  autosave.offer();
  pane.load();
}

// Save and Validate stay on the page; Preview and Publish post the form, which
// saves and moves on. Ctrl-S (Cmd-S) saves from anywhere.
function submitInPlace(form, documents, saver, findings) {
  form.addEventListener("submit", async (event) => {
    documents.flush();
    const then = event.submitter?.value ?? "save";
    if (!["save", "validate"].includes(then)) return;
    event.preventDefault();
    if ((await saver.save()) && then === "validate") await findings.fetch();
  });
  document.addEventListener("keydown", (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    if (event.key.toLowerCase() !== "s") return;
    event.preventDefault();
    saver.save();
  });
}

// The panels beside the code: the manifest's fields, findings, the README.
function switchPanels(form, documents) {
  const tabs = [...form.querySelectorAll("[data-panel-tab]")];
  const open = (name) => {
    for (const tab of tabs) {
      const chosen = tab.dataset.panelTab === name;
      tab.setAttribute("aria-selected", chosen);
      tab.tabIndex = chosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !chosen;
    }
  };
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => open(tab.dataset.panelTab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = tabs[(index + step + tabs.length) % tabs.length];
      next.focus();
      open(next.dataset.panelTab);
    });
  });
  form.addEventListener("panel", (event) => open(event.detail));
  documents.addEventListener("select", () => {
    if (documents.current.kind === "readme") open("readme");
  });
  open(form.dataset.panel || "details");
}
