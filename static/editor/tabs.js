// The same draft open twice: say so as soon as the other tab saves, instead of at
// this tab's next save.

export function watchOtherTabs(form, saver, status) {
  if (!("BroadcastChannel" in window)) return;
  const channel = new BroadcastChannel(`aerostack-hub:${form.dataset.draft}`);
  saver.addEventListener("saved", (event) => channel.postMessage(event.detail.revision));
  channel.addEventListener("message", (event) => {
    if (Number(event.data) <= Number(saver.revision)) return;
    status.notice(
      "This draft was saved in another tab. Saving here will show both versions.",
      { Reload: () => location.reload() },
      { name: "other-tab" },
    );
  });
}
