import { Hono, type MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';

type Env = { Bindings: { SLACK_WEBHOOK_URL: string; SLACK_NOTIFY_TOKEN: string } };

const COLOURS = { info: '#2f6fed', success: '#2e9e5b', warning: '#d9a514', error: '#d0342c' };

export type Severity = keyof typeof COLOURS;

export type Notification = {
  title: string;
  text?: string;
  severity?: Severity;
  /** Shown side by side under the text, e.g. { Host: "eu-1" }. */
  fields?: Record<string, string>;
  /** Where the title leads, https only. */
  link?: string;
};

/** A fault of the caller; its message is safe to show. */
export class NotificationError extends Error {}

/** Slack reads & < > as markup: unescaped, a user name could ping the whole channel. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function requireText(field: string, value: unknown, max: number): string {
  if (typeof value !== 'string' || !value.trim() || value.length > max) {
    throw new NotificationError(`${field} must be text of 1 to ${max} characters`);
  }
  return value;
}

/** Check an unknown value. Throws NotificationError naming the field. */
export function parseNotification(body: unknown): Notification {
  const {
    title,
    text,
    severity = 'info',
    fields = {},
    link,
  } = (body ?? {}) as Record<string, unknown>;
  if (typeof severity !== 'string' || !Object.hasOwn(COLOURS, severity)) {
    throw new NotificationError(`severity must be one of: ${Object.keys(COLOURS).join(', ')}`);
  }
  const isObject = typeof fields === 'object' && fields !== null && !Array.isArray(fields);
  if (!isObject || Object.keys(fields).length > 10) {
    throw new NotificationError('fields must be an object with up to 10 texts');
  }
  if (
    link !== undefined &&
    (typeof link !== 'string' || !/^https:\/\/[^\s<>|]{3,500}$/.test(link))
  ) {
    throw new NotificationError('link must be an https address');
  }
  const checked = Object.entries(fields).map(([name, value]) => [
    requireText('a field name', name, 100),
    requireText(`fields.${name.slice(0, 100)}`, value, 500),
  ]);
  return {
    title: requireText('title', title, 200),
    text: text === undefined ? undefined : requireText('text', text, 2500),
    severity: severity as Severity,
    fields: Object.fromEntries(checked) as Record<string, string>,
    link: link as string | undefined,
  };
}

/** The body Slack's incoming webhooks take. */
export function toSlackMessage({
  title,
  text,
  severity = 'info',
  fields = {},
  link,
}: Notification) {
  const heading = link ? `<${link}|${escapeSlack(title)}>` : escapeSlack(title);
  const blocks: object[] = [section(text ? `*${heading}*\n${escapeSlack(text)}` : `*${heading}*`)];
  const pairs = Object.entries(fields).map(([name, value]) =>
    markdown(`*${escapeSlack(name)}*\n${escapeSlack(value)}`),
  );
  if (pairs.length > 0) blocks.push({ type: 'section', fields: pairs });
  // The text at the top level is what phones show in the notification.
  return { text: escapeSlack(title), attachments: [{ color: COLOURS[severity], blocks }] };
}

const markdown = (text: string) => ({ type: 'mrkdwn', text });
const section = (text: string) => ({ type: 'section', text: markdown(text) });

/**
 * Post one notification. When Slack asks to slow down, waits as told, once.
 * Throws an Error with Slack's own words when it refuses.
 */
export async function notifySlack(webhookUrl: string, notification: Notification): Promise<void> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(toSlackMessage(notification)),
  };
  let response = await fetch(webhookUrl, { ...init, signal: AbortSignal.timeout(10_000) });
  if (response.status === 429) {
    const seconds = Math.min(Number(response.headers.get('retry-after')) || 1, 20);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    response = await fetch(webhookUrl, { ...init, signal: AbortSignal.timeout(10_000) });
  }
  // Slack explains in plain text, e.g. "channel_is_archived".
  if (!response.ok) throw new Error(`Slack answered ${response.status}: ${await response.text()}`);
}

const requireToken: MiddlewareHandler<Env> = async (c, next) => {
  const token = c.env.SLACK_NOTIFY_TOKEN;
  if (!token) return c.json({ error: 'SLACK_NOTIFY_TOKEN is not set' }, 503);
  const guard: MiddlewareHandler<Env> = bearerAuth({ token });
  return guard(c, next);
};

export const slackNotifyRoute = new Hono<Env>();

slackNotifyRoute.post('/', requireToken, async (c) => {
  const notification = parseNotification(await c.req.json().catch(() => null));
  await notifySlack(c.env.SLACK_WEBHOOK_URL, notification);
  return c.body(null, 204);
});

slackNotifyRoute.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof NotificationError) return c.json({ error: error.message }, 400);
  console.error('slack-notify:', error);
  return c.json({ error: 'the message did not reach Slack' }, 502);
});
