import { createMiddleware } from 'hono/factory';

type Bindings = {
  RATE_LIMIT_KV: KVNamespace;
  RATE_LIMIT_CAPACITY?: string;
  RATE_LIMIT_PER_SECOND?: string;
};

type Bucket = { tokens: number; updatedAt: number };

/** Refill for the time passed, then take `cost` tokens if they are there. */
export function take(
  bucket: Bucket | null,
  limits: { capacity: number; perSecond: number },
  now: number,
  cost = 1,
) {
  const before = bucket ?? { tokens: limits.capacity, updatedAt: now };
  const gained = (Math.max(0, now - before.updatedAt) / 1000) * limits.perSecond;
  const tokens = Math.min(limits.capacity, before.tokens + gained);
  const allowed = tokens >= cost;
  return {
    allowed,
    retryAfter: allowed ? 0 : Math.ceil((cost - tokens) / limits.perSecond),
    bucket: { tokens: allowed ? tokens - cost : tokens, updatedAt: now },
  };
}

/** Middleware: answers 429 with Retry-After once the caller's bucket is empty. */
export function rateLimiter({ cost = 1 }: { cost?: number } = {}) {
  return createMiddleware<{ Bindings: Bindings }>(async (c, next) => {
    const limits = {
      capacity: Number(c.env.RATE_LIMIT_CAPACITY ?? 60),
      perSecond: Number(c.env.RATE_LIMIT_PER_SECOND ?? 1),
    };
    const key = `bucket:${c.req.header('cf-connecting-ip') ?? 'unknown'}`;

    const stored = await c.env.RATE_LIMIT_KV.get<Bucket>(key, 'json');
    const { allowed, retryAfter, bucket } = take(stored, limits, Date.now(), cost);

    if (!allowed) {
      // Nothing was taken, so nothing is written: a flood costs reads only.
      return c.json({ error: 'too many requests', retryAfter }, 429, {
        'retry-after': String(retryAfter),
      });
    }
    // KV refuses lifetimes under a minute.
    const expirationTtl = Math.max(60, Math.ceil(limits.capacity / limits.perSecond));
    await c.env.RATE_LIMIT_KV.put(key, JSON.stringify(bucket), { expirationTtl });
    await next();
    c.header('ratelimit-limit', String(limits.capacity));
    c.header('ratelimit-remaining', String(Math.floor(bucket.tokens)));
  });
}
