import { and, count, eq, gt, isNull, lt } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { Hono, type Context } from 'hono';
import { setSignedCookie } from 'hono/cookie';
import { createToken, expiryFrom, hashToken, isToken, linkMail, normaliseEmail } from './core';
import { loginTokens } from './schema';

type Env = {
  Bindings: {
    DB: D1Database;
    /** Where the app lives, e.g. https://app.example. Never taken from the Host header. */
    APP_URL: string;
    SESSION_SECRET: string;
    RESEND_API_KEY: string;
    MAIL_FROM: string;
  };
};

/** Links one address can ask for in a quarter of an hour. */
const MAX_LINKS = 3;
const SESSION_SECONDS = 60 * 60 * 24 * 14;

async function startCookieSession(c: Context<Env>, email: string): Promise<Response> {
  await setSignedCookie(c, 'session', email, c.env.SESSION_SECRET, {
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
    maxAge: SESSION_SECONDS,
    prefix: 'host',
    path: '/',
  });
  return c.redirect('/', 303);
}

async function sendMail(c: Context<Env>, to: string, mail: { subject: string; text: string }) {
  const response = await fetch('https://api.resend.com/emails', {
    method: 'POST',
    headers: {
      authorization: `Bearer ${c.env.RESEND_API_KEY}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ from: c.env.MAIL_FROM, to, ...mail }),
    signal: AbortSignal.timeout(10_000),
  });
  if (!response.ok) throw new Error(`mail refused: ${response.status} ${await response.text()}`);
}

/** Make, store and send a link, unless this address has asked often enough. */
async function sendLink(c: Context<Env>, email: string, routePath: string): Promise<void> {
  const db = drizzle(c.env.DB);
  const now = new Date();
  const recent = await db
    .select({ links: count() })
    .from(loginTokens)
    .where(and(eq(loginTokens.email, email), gt(loginTokens.expiresAt, now)))
    .get();
  if ((recent?.links ?? 0) >= MAX_LINKS) return;

  const token = createToken();
  await db.insert(loginTokens).values({
    tokenHash: await hashToken(token),
    email,
    createdAt: now,
    expiresAt: expiryFrom(now),
  });
  await sendMail(c, email, linkMail(c.env.APP_URL, routePath, token));
  await db
    .delete(loginTokens)
    .where(lt(loginTokens.expiresAt, new Date(now.getTime() - 86_400_000)));
}

/** The address behind `token`, which is used up by this call; undefined when it is no good. */
async function redeem(c: Context<Env>, token: string): Promise<string | undefined> {
  const now = new Date();
  // One statement checks and marks, so of two clicks at once only one gets the row.
  const rows = await drizzle(c.env.DB)
    .update(loginTokens)
    .set({ usedAt: now })
    .where(
      and(
        eq(loginTokens.tokenHash, await hashToken(token)),
        isNull(loginTokens.usedAt),
        gt(loginTokens.expiresAt, now),
      ),
    )
    .returning({ email: loginTokens.email });
  return rows[0]?.email;
}

export const magicLinkRoute = new Hono<Env>();

magicLinkRoute.post('/request', async (c) => {
  const body = await c.req.json<{ email?: unknown } | null>().catch(() => null);
  const email = normaliseEmail(body?.email);
  if (!email) return c.json({ error: 'email is not an e-mail address' }, 400);
  await sendLink(c, email, '/api/magic-link');
  return c.json({ ok: true, message: 'If the address is right, a link is on its way.' }, 202);
});

magicLinkRoute.get('/verify', async (c) => {
  const token = c.req.query('token') ?? '';
  const email = isToken(token) ? await redeem(c, token) : undefined;
  if (!email) return c.text('This link was used before or is too old. Ask for a new one.', 400);
  return startCookieSession(c, email);
});

magicLinkRoute.onError((error, c) => {
  console.error('magic-link-login:', error);
  return c.json({ error: 'signing in is not available at the moment' }, 500);
});
