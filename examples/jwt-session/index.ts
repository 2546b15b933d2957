import { Hono, type Context } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import { csrf } from 'hono/csrf';
import { createMiddleware } from 'hono/factory';
import { sign, verify } from 'hono/jwt';

export type Session = {
  /** The account's id. */
  sub: string;
  /** When the person signed in, in Unix seconds; renewals keep it. */
  auth_time: number;
};

type Env = {
  Bindings: { JWT_SECRET: string; JWT_ISSUER?: string };
  Variables: { session: Session };
};

// The __Host- prefix makes browsers insist on Secure, Path=/ and no Domain, so a
// sub-domain cannot plant a session of its own.
const COOKIE = '__Host-session';
const ALGORITHM = 'HS256';
const LIFETIME_SECONDS = 60 * 60 * 24;
/** However often it is renewed, a session ends this long after signing in. */
const MAX_AGE_SECONDS = 60 * 60 * 24 * 30;

function settings(c: Context<Env>): { secret: string; issuer: string } {
  const secret = c.env.JWT_SECRET;
  // HS256 is only as strong as its key; RFC 7518, 3.2 asks for 256 bits.
  if (!secret || secret.length < 32) {
    throw new Error('JWT_SECRET must be set to at least 32 random characters');
  }
  return { secret, issuer: c.env.JWT_ISSUER ?? 'jwt-session' };
}

/** Sign `userId` in: call it once your own check of password, link or code has passed. */
export async function startSession(
  c: Context,
  userId: string,
  authTime = Math.floor(Date.now() / 1000),
): Promise<void> {
  const { secret, issuer } = settings(c);
  const now = Math.floor(Date.now() / 1000);
  const exp = Math.min(now + LIFETIME_SECONDS, authTime + MAX_AGE_SECONDS);
  const payload = { iss: issuer, sub: userId, auth_time: authTime, iat: now, exp };
  setCookie(c, COOKIE, await sign(payload, secret, ALGORITHM), {
    httpOnly: true,
    secure: true,
    sameSite: 'Lax',
    path: '/',
    maxAge: exp - now,
  });
}

export function endSession(c: Context): void {
  deleteCookie(c, COOKIE, { path: '/', secure: true });
}

/** The session of this request, or undefined. Never throws for a bad cookie. */
export async function readSession(c: Context): Promise<Session | undefined> {
  const { secret, issuer } = settings(c);
  const token = getCookie(c, COOKIE);
  if (!token) return undefined;
  try {
    // The algorithm is fixed here; what the token's own header claims is not asked.
    const payload = await verify(token, secret, ALGORITHM);
    const { iss, sub, auth_time } = payload;
    if (iss !== issuer || typeof sub !== 'string' || typeof auth_time !== 'number')
      return undefined;
    return { sub, auth_time };
  } catch {
    return undefined;
  }
}

/** Middleware: 401 without a valid session, else `c.get('session')`. */
export const requireSession = createMiddleware<Env>(async (c, next) => {
  const session = await readSession(c);
  if (!session) return c.json({ error: 'sign in first' }, 401);
  c.set('session', session);
  await next();
});

export const jwtSessionRoute = new Hono<Env>();

// Refuses form posts from other sites; SameSite=Lax alone leaves old browsers open.
jwtSessionRoute.use(csrf());

jwtSessionRoute.get('/', requireSession, (c) => c.json(c.get('session')));

jwtSessionRoute.post('/refresh', requireSession, async (c) => {
  const { sub, auth_time } = c.get('session');
  if (Date.now() / 1000 >= auth_time + MAX_AGE_SECONDS) {
    endSession(c);
    return c.json({ error: 'this session is too old; sign in again' }, 401);
  }
  await startSession(c, sub, auth_time);
  return c.json({ sub, auth_time });
});

jwtSessionRoute.post('/logout', (c) => {
  endSession(c);
  return c.body(null, 204);
});

jwtSessionRoute.onError((error, c) => {
  if ('getResponse' in error) return error.getResponse();
  console.error('jwt-session:', error);
  return c.json({ error: 'sessions are not available' }, 500);
});
