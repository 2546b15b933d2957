/** Stripe's signature scheme and the events we understand. No framework, no database. */

export type StripeEvent = {
  id: string;
  type: string;
  /** Unix seconds. */
  created: number;
  data: { object: Record<string, unknown> };
};

export type Payment = {
  sessionId: string;
  orderId: string | null;
  email: string | null;
  /** In the smallest unit of the currency: cents, yen, ... */
  amount: number;
  currency: string;
};

export class SignatureError extends Error {}

/** Take `t=...,v1=...,v1=...` apart. More than one v1 is normal while a secret is rolled. */
export function parseSignatureHeader(header: string): { timestamp: number; signatures: string[] } {
  const pairs = header.split(',').map((part) => part.trim().split('=', 2));
  const timestamp = Number(pairs.find(([name]) => name === 't')?.[1]);
  const signatures = pairs
    .filter(([name, value]) => name === 'v1' && /^[0-9a-f]{64}$/.test(value ?? ''))
    .map(([, value]) => value ?? '');
  if (!Number.isInteger(timestamp) || signatures.length === 0) {
    throw new SignatureError('the Stripe-Signature header is malformed');
  }
  return { timestamp, signatures };
}

/**
 * Throw SignatureError unless `payload`, the raw body, was signed by Stripe lately.
 *
 * now and toleranceSeconds are in seconds; five minutes is what Stripe's own
 * libraries allow.
 */
export async function verifySignature(
  payload: string,
  header: string,
  secret: string,
  now = Date.now() / 1000,
  toleranceSeconds = 300,
): Promise<void> {
  const { timestamp, signatures } = parseSignatureHeader(header);
  if (Math.abs(now - timestamp) > toleranceSeconds) {
    throw new SignatureError('the signature is too old');
  }
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), algorithm, false, [
    'verify',
  ]);
  const signed = encoder.encode(`${timestamp}.${payload}`);
  for (const signature of signatures) {
    // verify() compares in constant time.
    if (await crypto.subtle.verify('HMAC', key, fromHex(signature), signed)) return;
  }
  throw new SignatureError('the signature does not match');
}

function fromHex(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function parseEvent(payload: string): StripeEvent {
  const event = JSON.parse(payload) as Partial<StripeEvent>;
  if (typeof event.id !== 'string' || typeof event.type !== 'string' || !event.data?.object) {
    throw new SyntaxError('this is not a Stripe event');
  }
  return { id: event.id, type: event.type, created: event.created ?? 0, data: event.data };
}

/** The payment a completed Checkout Session stands for; undefined for unpaid ones. */
export function paymentOf(event: StripeEvent): Payment | undefined {
  const session = event.data.object;
  if (session.payment_status !== 'paid' || typeof session.id !== 'string') return undefined;
  const customer = session.customer_details as { email?: string } | null | undefined;
  return {
    sessionId: session.id,
    orderId: typeof session.client_reference_id === 'string' ? session.client_reference_id : null,
    email: customer?.email ?? null,
    amount: Number(session.amount_total ?? 0),
    currency: String(session.currency ?? ''),
  };
}
