export { magicLinkRoute } from './adapter';
export { createToken, hashToken, normaliseEmail } from './core';
export { loginTokens } from './schema';
