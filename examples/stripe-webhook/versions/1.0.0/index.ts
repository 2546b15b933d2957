export { stripeWebhookRoute } from './adapter';
export { parseSignatureHeader, paymentOf, SignatureError, verifySignature } from './core';
export type { Payment, StripeEvent } from './core';
export { payments, stripeEvents } from './schema';
