export { rateLimiter, rateLimiterRoute, RateLimiterBucket } from './adapter';
export type { RateLimiterOptions } from './adapter';
export { parseLimits, rateLimitHeaders, takeTokens } from './core';
export type { BucketLimits, BucketState, Decision } from './core';
