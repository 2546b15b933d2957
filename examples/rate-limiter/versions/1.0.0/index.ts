import { createMiddleware } from 'hono/factory';

type Bindings = {
  RATE_LIMIT_KV: KVNamespace;
  RATE_LIMIT_CAPACITY?: string;
  RATE_LIMIT_PER_SECOND?: string;
};

type Bucket = { tokens: number; updatedAt: number };

/** Refill for the time passed, then take one token if there is one. */
export function take(bucket: Bucket | null, capacity: number, perSecond: number, now: number) {
  const before = bucket ?? { tokens: capacity, updatedAt: now };
  const gained = (Math.max(0, now - before.updatedAt) / 1000) * perSecond;
  const tokens = Math.min(capacity, before.tokens + gained);
  const allowed = tokens >= 1;
  return { allowed, bucket: { tokens: allowed ? tokens - 1 : tokens, updatedAt: now } };
}

/** Middleware: answers 429 once the caller's bucket is empty. */
export const rateLimiter = createMiddleware<{ Bindings: Bindings }>(async (c, next) => {
  const capacity = Number(c.env.RATE_LIMIT_CAPACITY ?? 60);
  const perSecond = Number(c.env.RATE_LIMIT_PER_SECOND ?? 1);
  const key = `bucket:${c.req.header('cf-connecting-ip') ?? 'unknown'}`;

  const stored = await c.env.RATE_LIMIT_KV.get<Bucket>(key, 'json');
  const { allowed, bucket } = take(stored, capacity, perSecond, Date.now());
  // KV refuses lifetimes under a minute.
  const expirationTtl = Math.max(60, Math.ceil(capacity / perSecond));
  await c.env.RATE_LIMIT_KV.put(key, JSON.stringify(bucket), { expirationTtl });

  if (!allowed) return c.json({ error: 'too many requests' }, 429);
  await next();
});
