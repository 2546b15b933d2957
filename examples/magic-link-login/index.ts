export { createMagicLinkRoute, magicLinkRoute } from './adapter';
export type { MagicLinkOptions } from './adapter';
export { createToken, hashToken, normaliseEmail } from './core';
export { loginTokens } from './schema';
