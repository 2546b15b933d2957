/** Post a line of text. Slack's own markup in it works: *bold*, <https://example.com|link>. */
export async function notifySlack(env: { SLACK_WEBHOOK_URL: string }, text: string): Promise<void> {
  const response = await fetch(env.SLACK_WEBHOOK_URL, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text }),
    signal: AbortSignal.timeout(10_000),
  });
  // Slack explains in plain text, e.g. "channel_is_archived".
  if (!response.ok) throw new Error(`Slack answered ${response.status}: ${await response.text()}`);
}
