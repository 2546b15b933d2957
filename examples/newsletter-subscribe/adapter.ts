import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { Hono, type Context } from 'hono';
import { CONFIRM_DAYS, createToken, normaliseEmail, page, readToken, type Purpose } from './core';
import { subscribers } from './schema';

type Bindings = {
  DB: D1Database;
  /** Where this route is mounted, e.g. https://app.example/api/newsletter. */
  APP_URL: string;
  NEWSLETTER_SECRET: string;
  RESEND_API_KEY: string;
  MAIL_FROM: string;
};

type Env = { Bindings: Bindings };

/** Minutes before the same address gets another confirmation mail. */
const PAUSE_MINUTES = 10;

/** Headers to send with every issue, so that mail programs show "Unsubscribe". */
export async function unsubscribeHeaders(
  env: Bindings,
  email: string,
): Promise<Record<string, string>> {
  const token = await createToken(email, 'unsubscribe', 0, env.NEWSLETTER_SECRET);
  return {
    'List-Unsubscribe': `<${env.APP_URL}/unsubscribe?token=${token}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click', // RFC 8058
  };
}

async function sendConfirmation(env: Bindings, email: string): Promise<void> {
  const expires = Math.floor(Date.now() / 1000) + CONFIRM_DAYS * 86_400;
  const token = await createToken(email, 'confirm', expires, env.NEWSLETTER_SECRET);
  const response = await fetch('https://api.resend.com/emails', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${env.RESEND_API_KEY}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      from: env.MAIL_FROM,
      to: email,
      subject: 'Please confirm your subscription',
      text: [
        'Somebody, hopefully you, asked for our newsletter. Confirm here:',
        '',
        `${env.APP_URL}/confirm?token=${token}`,
        '',
        'If it was not you, do nothing: no more mail will come.',
      ].join('\n'),
    }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`mail refused: ${response.status} ${await response.text()}`);
}

async function subscribe(env: Bindings, email: string): Promise<void> {
  const db = drizzle(env.DB);
  const known = await db.select().from(subscribers).where(eq(subscribers.email, email)).get();
  const pausedUntil = (known?.requestedAt.getTime() ?? 0) + PAUSE_MINUTES * 60_000;
  if (known?.status === 'confirmed' || pausedUntil > Date.now()) return;

  const pending = { status: 'pending' as const, requestedAt: new Date() };
  await db
    .insert(subscribers)
    .values({ email, ...pending })
    .onConflictDoUpdate({ target: subscribers.email, set: pending });
  await sendConfirmation(env, email);
}

function tokenEmail(c: Context<Env>, purpose: Purpose): Promise<string | undefined> {
  const now = Date.now() / 1000;
  return readToken(c.req.query('token') ?? '', purpose, now, c.env.NEWSLETTER_SECRET);
}

const invalidLink = page(
  'This link does not work',
  'It is incomplete or too old. Sign up once more.',
);

export const newsletterRoute = new Hono<Env>();

newsletterRoute.post('/', async (c) => {
  const body = await c.req.json<{ email?: unknown } | null>().catch(() => null);
  const email = normaliseEmail(body?.email);
  if (!email) return c.json({ error: 'email is not an e-mail address' }, 400);
  // After the answer, which is the same for known and unknown addresses.
  const work = subscribe(c.env, email).catch((error: unknown) => {
    console.error('newsletter-subscribe:', error);
  });
  c.executionCtx.waitUntil(work);
  return c.json({ ok: true, message: 'Look into your inbox and confirm.' }, 202);
});

// Links are opened by mail scanners as well; only the buttons behind them do something.
newsletterRoute.get('/confirm', async (c) => {
  if (!(await tokenEmail(c, 'confirm'))) return c.html(invalidLink, 400);
  return c.html(page('Newsletter', 'One step to go.', 'Yes, send it to me'));
});

newsletterRoute.post('/confirm', async (c) => {
  const email = await tokenEmail(c, 'confirm');
  if (!email) return c.html(invalidLink, 400);
  const confirmed = { status: 'confirmed' as const, confirmedAt: new Date(), unsubscribedAt: null };
  await drizzle(c.env.DB).update(subscribers).set(confirmed).where(eq(subscribers.email, email));
  return c.html(page('Welcome', 'You are on the list.'));
});

newsletterRoute.get('/unsubscribe', async (c) => {
  if (!(await tokenEmail(c, 'unsubscribe'))) return c.html(invalidLink, 400);
  return c.html(page('Unsubscribe', 'No hard feelings.', 'Take me off the list'));
});

/** Mail programs post here on their own (RFC 8058): no cookie, no question, no redirect. */
newsletterRoute.post('/unsubscribe', async (c) => {
  const email = await tokenEmail(c, 'unsubscribe');
  if (!email) return c.html(invalidLink, 400);
  const gone = { status: 'unsubscribed' as const, unsubscribedAt: new Date() };
  await drizzle(c.env.DB).update(subscribers).set(gone).where(eq(subscribers.email, email));
  return c.html(page('Done', 'You will get no more mail from us.'));
});

newsletterRoute.onError((error, c) => {
  console.error('newsletter-subscribe:', error);
  return c.json({ error: 'the newsletter is not available at the moment' }, 500);
});
