import { Hono } from 'hono';

type Bindings = {
  STRIPE_SECRET_KEY: string;
  /** Prices a customer may buy, separated by commas. */
  STRIPE_PRICE_IDS: string;
  CHECKOUT_SUCCESS_URL: string;
  CHECKOUT_CANCEL_URL: string;
};

export type CheckoutItem = { price: string; quantity: number };
export type CheckoutRequest = { items: CheckoutItem[]; email?: string; orderId: string };

type StripeSession = {
  id: string;
  url: string | null;
  status: string;
  payment_status: string;
  amount_total: number | null;
  currency: string | null;
};

const MAX_ITEMS = 20;
const MAX_QUANTITY = 99;

/** A fault of the caller; its message is safe to show. */
export class CheckoutError extends Error {}

/** Stripe refused or did not answer. */
class StripeError extends Error {}

/** Check a request body against the prices that are for sale. Throws CheckoutError. */
export function parseRequest(body: unknown, allowedPrices: readonly string[]): CheckoutRequest {
  const { items, email, orderId } = (body ?? {}) as Record<string, unknown>;
  if (!Array.isArray(items) || items.length < 1 || items.length > MAX_ITEMS) {
    throw new CheckoutError(`items must be a list of 1 to ${MAX_ITEMS}`);
  }
  if (typeof orderId !== 'string' || !/^[\w-]{1,64}$/.test(orderId)) {
    throw new CheckoutError('orderId must be 1 to 64 letters, digits, "-" or "_"');
  }
  if (email !== undefined && (typeof email !== 'string' || !/^\S+@\S+$/.test(email))) {
    throw new CheckoutError('email is not an e-mail address');
  }
  return {
    items: items.map((item, index) => parseItem(item, index, allowedPrices)),
    email: email as string | undefined,
    orderId,
  };
}

function parseItem(item: unknown, index: number, allowedPrices: readonly string[]): CheckoutItem {
  const { price, quantity = 1 } = (item ?? {}) as Record<string, unknown>;
  // Amounts never come from the browser: only prices named in the settings are for sale.
  if (typeof price !== 'string' || !allowedPrices.includes(price)) {
    throw new CheckoutError(`items[${index}].price is not for sale`);
  }
  if (
    !Number.isInteger(quantity) ||
    (quantity as number) < 1 ||
    (quantity as number) > MAX_QUANTITY
  ) {
    throw new CheckoutError(`items[${index}].quantity must be from 1 to ${MAX_QUANTITY}`);
  }
  return { price, quantity: quantity as number };
}

/** Stripe reads nested values as form fields: line_items[0][price]=... */
export function toForm(
  request: CheckoutRequest,
  successUrl: string,
  cancelUrl: string,
): URLSearchParams {
  const form = new URLSearchParams({
    mode: 'payment',
    // Stripe replaces the placeholder; it must arrive with its braces.
    success_url: `${successUrl}?session_id={CHECKOUT_SESSION_ID}`,
    cancel_url: cancelUrl,
    client_reference_id: request.orderId,
  });
  if (request.email) form.set('customer_email', request.email);
  request.items.forEach((item, index) => {
    form.set(`line_items[${index}][price]`, item.price);
    form.set(`line_items[${index}][quantity]`, String(item.quantity));
  });
  return form;
}

async function callStripe(
  key: string,
  path: string,
  init: RequestInit = {},
): Promise<StripeSession> {
  const response = await fetch(`https://api.stripe.com/v1/checkout/sessions${path}`, {
    ...init,
    headers: { ...init.headers, authorization: `Bearer ${key}` },
    signal: AbortSignal.timeout(15_000),
  });
  if (!response.ok) throw new StripeError(`status ${response.status}: ${await response.text()}`);
  return response.json<StripeSession>();
}

export const stripeCheckoutRoute = new Hono<{ Bindings: Bindings }>();

stripeCheckoutRoute.post('/', async (c) => {
  const prices = c.env.STRIPE_PRICE_IDS.split(',').map((price) => price.trim());
  const request = parseRequest(await c.req.json().catch(() => null), prices);
  const form = toForm(request, c.env.CHECKOUT_SUCCESS_URL, c.env.CHECKOUT_CANCEL_URL);
  const session = await callStripe(c.env.STRIPE_SECRET_KEY, '', {
    method: 'POST',
    body: form,
    // A double click or a retry opens the same page instead of a second order. The
    // basket is part of the key: Stripe refuses one key with two different bodies.
    headers: { 'idempotency-key': `checkout-${request.orderId}-${await digest(form.toString())}` },
  });
  return c.json({ id: session.id, url: session.url }, 201);
});

async function digest(text: string): Promise<string> {
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Array.from(new Uint8Array(hash).slice(0, 8), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('');
}

/** For the page behind success_url: was it paid? */
stripeCheckoutRoute.get('/:id', async (c) => {
  const id = c.req.param('id');
  if (!/^cs_[A-Za-z0-9_]{10,200}$/.test(id)) return c.json({ error: 'no such checkout' }, 404);
  const session = await callStripe(c.env.STRIPE_SECRET_KEY, `/${id}`);
  return c.json({
    status: session.status,
    paid: session.payment_status === 'paid',
    amount: session.amount_total,
    currency: session.currency,
  });
});

stripeCheckoutRoute.onError((error, c) => {
  if (error instanceof CheckoutError) return c.json({ error: error.message }, 400);
  console.error('stripe-checkout:', error);
  return c.json({ error: 'the payment page could not be opened; nothing was charged' }, 502);
});
