import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';
import {
  parseSubscription,
  PushError,
  sendPush,
  toBase64Url,
  type SendResult,
  type Subscription,
} from './core';

type Env = {
  Bindings: {
    PUSH_SUBSCRIPTIONS: KVNamespace;
    VAPID_PUBLIC_KEY: string;
    VAPID_PRIVATE_KEY: string;
    VAPID_SUBJECT: string;
    PUSH_SEND_TOKEN: string;
  };
};

/** One send uses two of the Worker's subrequests at most; stay below the limit of 1000. */
const MAX_PER_CALL = 400;
const SUBSCRIPTION_SECONDS = 60 * 60 * 24 * 180;

/** A browser that subscribes twice keeps one entry, and endpoints stay out of key lists. */
async function keyOf(endpoint: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(endpoint));
  return `push:${toBase64Url(hash)}`;
}

async function sendTo(c: Context<Env>, key: string, message: string): Promise<SendResult> {
  const subscription = await c.env.PUSH_SUBSCRIPTIONS.get<Subscription>(key, 'json');
  if (!subscription) return 'gone';
  try {
    const result = await sendPush(subscription, message, {
      publicKey: c.env.VAPID_PUBLIC_KEY,
      privateKey: c.env.VAPID_PRIVATE_KEY,
      subject: c.env.VAPID_SUBJECT,
    });
    if (result === 'gone') await c.env.PUSH_SUBSCRIPTIONS.delete(key);
    return result;
  } catch (error) {
    // One slow push service must not keep the others from being told.
    console.error('web-push:', error);
    return 'failed';
  }
}

const requireToken: MiddlewareHandler<Env> = async (c, next) => {
  const token = c.env.PUSH_SEND_TOKEN;
  if (!token) return c.json({ error: 'PUSH_SEND_TOKEN is not set' }, 503);
  const guard: MiddlewareHandler<Env> = bearerAuth({ token });
  return guard(c, next);
};

function parseMessage(body: unknown): { message: string; cursor?: string } {
  const { title, text = '', url, cursor } = (body ?? {}) as Record<string, unknown>;
  if (typeof title !== 'string' || !title.trim() || title.length > 120) {
    throw new PushError('title must have 1 to 120 characters');
  }
  if (typeof text !== 'string' || text.length > 500)
    throw new PushError('text may have up to 500 characters');
  if (
    url !== undefined &&
    (typeof url !== 'string' || !/^(https:\/\/|\/(?!\/))\S{0,500}$/.test(url))
  ) {
    throw new PushError('url must be an https address or a path');
  }
  if (cursor !== undefined && typeof cursor !== 'string')
    throw new PushError('cursor must be text');
  return { message: JSON.stringify({ title, text, url }), cursor };
}

export const webPushRoute = new Hono<Env>();

/** What the page needs to subscribe with. */
webPushRoute.get('/key', (c) => c.json({ publicKey: c.env.VAPID_PUBLIC_KEY }));

webPushRoute.post('/subscriptions', async (c) => {
  const subscription = parseSubscription(await c.req.json().catch(() => null));
  const key = await keyOf(subscription.endpoint);
  const options = { expirationTtl: SUBSCRIPTION_SECONDS };
  await c.env.PUSH_SUBSCRIPTIONS.put(key, JSON.stringify(subscription), options);
  return c.json({ subscribed: true }, 201);
});

webPushRoute.delete('/subscriptions', async (c) => {
  // Knowing the endpoint is the proof: only the browser itself has it.
  const { endpoint } = parseSubscription(await c.req.json().catch(() => null));
  await c.env.PUSH_SUBSCRIPTIONS.delete(await keyOf(endpoint));
  return c.body(null, 204);
});

/** Send to everybody, a part at a time: call again with `cursor` until there is none. */
webPushRoute.post('/send', requireToken, async (c) => {
  const { message, cursor } = parseMessage(await c.req.json().catch(() => null));
  const list = await c.env.PUSH_SUBSCRIPTIONS.list({
    prefix: 'push:',
    limit: MAX_PER_CALL,
    cursor,
  });
  const results = await Promise.all(list.keys.map(({ name }) => sendTo(c, name, message)));
  const count = (wanted: SendResult) => results.filter((result) => result === wanted).length;
  return c.json({
    sent: count('sent'),
    gone: count('gone'),
    failed: count('failed'),
    cursor: list.list_complete ? null : list.cursor,
  });
});

webPushRoute.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof PushError) return c.json({ error: error.message }, 400);
  console.error('web-push:', error);
  return c.json({ error: 'push is not available at the moment' }, 500);
});
