import { Hono, type Context } from 'hono';
import { createMiddleware } from 'hono/factory';
import {
  millisecondsUntilFull,
  parseLimits,
  rateLimitHeaders,
  takeTokens,
  type BucketLimits,
  type BucketState,
  type Decision,
} from './core';

type Bindings = {
  RATE_LIMITER: DurableObjectNamespace;
  RATE_LIMIT_CAPACITY?: string;
  RATE_LIMIT_PER_SECOND?: string;
};

type Env = { Bindings: Bindings };
type Question = { limits: BucketLimits; cost: number };

/**
 * One Durable Object per client holds that client's bucket. Cloudflare runs exactly
 * one instance of it in the world, so two requests can never spend the same token.
 */
export class RateLimiterBucket implements DurableObject {
  constructor(private readonly state: DurableObjectState) {}

  async fetch(request: Request): Promise<Response> {
    const { limits, cost } = await request.json<Question>();
    const previous = await this.state.storage.get<BucketState>('bucket');
    const now = Date.now();
    const decision = takeTokens(previous, limits, now, cost);
    if (cost > 0) {
      await this.state.storage.put('bucket', decision.state);
      // A full bucket is the same as none: wake up then and free the storage.
      await this.state.storage.setAlarm(now + millisecondsUntilFull(decision.state, limits));
    }
    return Response.json(decision);
  }

  async alarm(): Promise<void> {
    await this.state.storage.deleteAll();
  }
}

/** Who is counted. Cloudflare sets this header itself; clients cannot forge it. */
function clientAddress(c: Context<Env>): string {
  return c.req.header('cf-connecting-ip') ?? 'unknown';
}

function limitsOf(c: Context<Env>): BucketLimits {
  return parseLimits(c.env.RATE_LIMIT_CAPACITY, c.env.RATE_LIMIT_PER_SECOND);
}

async function ask(c: Context<Env>, key: string, question: Question): Promise<Decision> {
  const bucket = c.env.RATE_LIMITER.get(c.env.RATE_LIMITER.idFromName(key));
  const answer = await bucket.fetch('https://rate-limiter/take', {
    method: 'POST',
    body: JSON.stringify(question),
  });
  if (!answer.ok) throw new Error(`bucket answered ${answer.status}`);
  return answer.json<Decision>();
}

export type RateLimiterOptions = {
  /** What to count by: an account id, an API key, ... Default: the client's address. */
  key?: (c: Context<Env>) => string;
  /** Tokens one request takes. Default 1. */
  cost?: number;
  /** Limits of this route; default: RATE_LIMIT_CAPACITY and RATE_LIMIT_PER_SECOND. */
  limits?: BucketLimits;
};

/** Middleware: answers 429 with Retry-After once the caller's bucket is empty. */
export function rateLimiter(options: RateLimiterOptions = {}) {
  return createMiddleware<Env>(async (c, next) => {
    const limits = options.limits ?? limitsOf(c);
    const cost = options.cost ?? 1;
    // A mistake of the developer's: say so, rather than let everything through below.
    if (cost > limits.capacity) throw new RangeError(`cost ${cost} exceeds the capacity`);
    const key = (options.key ?? clientAddress)(c);
    let decision: Decision;
    try {
      decision = await ask(c, key, { limits, cost });
    } catch (error) {
      // Fail open: an outage of the limiter must not become an outage of the API.
      console.error('rate-limiter: bucket unreachable', error);
      return next();
    }
    const headers = rateLimitHeaders(limits, decision);
    if (!decision.allowed) {
      return c.json({ error: 'too many requests', retryAfter: decision.retryAfter }, 429, headers);
    }
    await next();
    for (const [name, value] of Object.entries(headers)) c.header(name, value);
  });
}

export const rateLimiterRoute = new Hono<Env>();

/** What the caller has left; asking costs nothing. */
rateLimiterRoute.get('/', async (c) => {
  const limits = limitsOf(c);
  const { remaining } = await ask(c, clientAddress(c), { limits, cost: 0 });
  return c.json({ ...limits, remaining });
});

rateLimiterRoute.onError((error, c) => {
  console.error('rate-limiter:', error);
  return c.json({ error: 'the rate limiter is not available' }, 503);
});
