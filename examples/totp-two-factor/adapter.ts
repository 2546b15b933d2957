import { Hono, type Context } from 'hono';
import { createSecret, matchStep, open, otpauthUri, seal, toBase32 } from './core';

type Env = {
  Bindings: {
    TOTP_KV: KVNamespace;
    TOTP_ENCRYPTION_KEY: string;
    TOTP_ISSUER?: string;
  };
  /** Set by your own sign-in middleware, once the first factor has passed. */
  Variables: { userId: string };
};

type Enrolment = {
  sealed: string;
  /** False until the person has typed one right code. */
  confirmed: boolean;
  lastStep: number;
  /** Wrong codes since the last right one, and until when they lock the account. */
  failures: number;
  lockedUntil: number;
};

const MAX_FAILURES = 5;
const LOCK_SECONDS = 15 * 60;

const keyOf = (userId: string) => `totp:${userId}`;

function load(c: Context<Env>, userId: string): Promise<Enrolment | null> {
  return c.env.TOTP_KV.get<Enrolment>(keyOf(userId), 'json');
}

function store(c: Context<Env>, userId: string, enrolment: Enrolment): Promise<void> {
  return c.env.TOTP_KV.put(keyOf(userId), JSON.stringify(enrolment));
}

export type CheckResult = 'ok' | 'wrong' | 'locked' | 'not enrolled';

/** Check one code of `userId` and remember the outcome. For your sign-in handler, too. */
export async function checkCode(
  c: Context<Env>,
  userId: string,
  code: string,
): Promise<CheckResult> {
  const enrolment = await load(c, userId);
  if (!enrolment) return 'not enrolled';
  const now = Date.now() / 1000;
  if (enrolment.lockedUntil > now) return 'locked';

  const secret = await open(enrolment.sealed, c.env.TOTP_ENCRYPTION_KEY, userId);
  const step = await matchStep(secret, code, now, enrolment.lastStep);
  if (step === undefined) {
    const failures = enrolment.failures + 1;
    // Six digits are guessed in hours unless wrong ones cost time.
    const lockedUntil = failures >= MAX_FAILURES ? now + LOCK_SECONDS : 0;
    await store(c, userId, { ...enrolment, failures: lockedUntil ? 0 : failures, lockedUntil });
    return 'wrong';
  }
  const fresh = { confirmed: true, lastStep: step, failures: 0, lockedUntil: 0 };
  await store(c, userId, { ...enrolment, ...fresh });
  return 'ok';
}

export const twoFactorRoute = new Hono<Env>();

twoFactorRoute.use(async (c, next) => {
  if (!c.get('userId')) return c.json({ error: 'sign in first' }, 401);
  await next();
});

twoFactorRoute.get('/', async (c) => {
  const enrolment = await load(c, c.get('userId'));
  return c.json({ enabled: enrolment?.confirmed ?? false });
});

/** Start: the secret and its QR address, shown this once. */
twoFactorRoute.post('/enrol', async (c) => {
  const userId = c.get('userId');
  if ((await load(c, userId))?.confirmed) {
    return c.json({ error: 'two-factor sign-in is on already; switch it off first' }, 409);
  }
  const secret = createSecret();
  const sealed = await seal(secret, c.env.TOTP_ENCRYPTION_KEY, userId);
  await store(c, userId, { sealed, confirmed: false, lastStep: -1, failures: 0, lockedUntil: 0 });
  const uri = otpauthUri(secret, c.env.TOTP_ISSUER ?? 'My app', userId);
  return c.json({ secret: toBase32(secret), uri }, 201, { 'cache-control': 'no-store' });
});

/** Confirm enrolment, or pass the second factor. */
twoFactorRoute.post('/verify', async (c) => (await refusal(c)) ?? c.json({ ok: true }));

/** Switching off takes a code as well: a borrowed session is not enough. */
twoFactorRoute.post('/disable', async (c) => {
  const refused = await refusal(c);
  if (refused) return refused;
  await c.env.TOTP_KV.delete(keyOf(c.get('userId')));
  return c.body(null, 204);
});

/** The answer to send when the code in the body is not right; undefined when it is. */
async function refusal(c: Context<Env>): Promise<Response | undefined> {
  const body = await c.req.json<{ code?: unknown } | null>().catch(() => null);
  // People type "123 456", as their app shows it.
  const code = typeof body?.code === 'string' ? body.code.replace(/\s/g, '') : '';
  if (!/^\d{6}$/.test(code)) return c.json({ error: 'code must be six digits' }, 400);
  switch (await checkCode(c, c.get('userId'), code)) {
    case 'ok':
      return undefined;
    case 'locked':
      return c.json({ error: 'too many wrong codes; wait 15 minutes' }, 429);
    case 'not enrolled':
      return c.json({ error: 'two-factor sign-in is not set up' }, 409);
    case 'wrong':
      return c.json({ error: 'this code is wrong or was used before' }, 401);
  }
}

twoFactorRoute.onError((error, c) => {
  console.error('totp-two-factor:', error);
  return c.json({ error: 'two-factor sign-in is not available' }, 500);
});
