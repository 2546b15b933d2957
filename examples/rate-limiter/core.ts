/** The token bucket itself: pure arithmetic, no clock, no storage, no framework. */

export type BucketLimits = {
  /** Tokens a full bucket holds: the largest burst. */
  capacity: number;
  /** Tokens added per second: the sustained rate. */
  perSecond: number;
};

export type BucketState = {
  tokens: number;
  /** Milliseconds since the epoch. */
  updatedAt: number;
};

export type Decision = {
  allowed: boolean;
  /** Whole tokens left after this request. */
  remaining: number;
  /** Seconds until the request would be allowed; 0 when it was. */
  retryAfter: number;
  state: BucketState;
};

/**
 * Refill the bucket for the time passed, then take `cost` tokens if they are there.
 * A refused request takes nothing, so a client that waits `retryAfter` gets through.
 */
export function takeTokens(
  previous: BucketState | undefined,
  limits: BucketLimits,
  now: number,
  cost = 1,
): Decision {
  if (!(cost >= 0 && cost <= limits.capacity)) {
    throw new RangeError(`cost must be from 0 to ${limits.capacity}`);
  }
  const before = previous ?? { tokens: limits.capacity, updatedAt: now };
  // Clocks can step back a little between machines; never refill for negative time.
  const seconds = Math.max(0, now - before.updatedAt) / 1000;
  const tokens = Math.min(limits.capacity, before.tokens + seconds * limits.perSecond);
  const allowed = tokens >= cost;
  const left = allowed ? tokens - cost : tokens;
  return {
    allowed,
    remaining: Math.floor(left),
    retryAfter: allowed ? 0 : Math.ceil((cost - tokens) / limits.perSecond),
    state: { tokens: left, updatedAt: Math.max(now, before.updatedAt) },
  };
}

/** Milliseconds until the bucket is full again and its state can be forgotten. */
export function millisecondsUntilFull(state: BucketState, limits: BucketLimits): number {
  return Math.ceil(((limits.capacity - state.tokens) / limits.perSecond) * 1000);
}

/** Read limits from text settings. Throws RangeError: a wrong limit must not mean "no limit". */
export function parseLimits(capacity = '60', perSecond = '1'): BucketLimits {
  const limits = { capacity: Number(capacity), perSecond: Number(perSecond) };
  if (!(limits.capacity >= 1 && limits.capacity <= 1_000_000)) {
    throw new RangeError(`capacity must be from 1 to 1000000, not "${capacity}"`);
  }
  if (!(limits.perSecond > 0 && limits.perSecond <= 1_000_000)) {
    throw new RangeError(`rate per second must be above 0, not "${perSecond}"`);
  }
  return limits;
}

/** Header names of the IETF draft "RateLimit header fields for HTTP". */
export function rateLimitHeaders(limits: BucketLimits, decision: Decision): Record<string, string> {
  const window = Math.ceil(limits.capacity / limits.perSecond);
  const headers: Record<string, string> = {
    'ratelimit-policy': `"bucket";q=${limits.capacity};w=${window}`,
    ratelimit: `"bucket";r=${decision.remaining};t=${decision.retryAfter}`,
  };
  if (!decision.allowed) headers['retry-after'] = String(decision.retryAfter);
  return headers;
}
