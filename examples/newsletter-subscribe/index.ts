export { newsletterRoute, unsubscribeHeaders } from './adapter';
export { createToken, normaliseEmail, readToken } from './core';
export { subscribers } from './schema';
