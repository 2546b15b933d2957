import { eq } from 'drizzle-orm';
import { drizzle, type DrizzleD1Database } from 'drizzle-orm/d1';
import { Hono } from 'hono';
import { parseEvent, paymentOf, SignatureError, verifySignature, type StripeEvent } from './core';
import { payments, stripeEvents } from './schema';

type Env = { Bindings: { DB: D1Database; STRIPE_WEBHOOK_SECRET: string } };

export type StripeHandler = (event: StripeEvent, db: DrizzleD1Database) => Promise<void>;

/** Remember a paid session. Stripe may report one twice, under different event types. */
async function recordPayment(event: StripeEvent, db: DrizzleD1Database): Promise<void> {
  const payment = paymentOf(event);
  if (!payment) return;
  await db
    .insert(payments)
    .values({ ...payment, paidAt: new Date(event.created * 1000) })
    .onConflictDoNothing();
}

const DEFAULT_HANDLERS: Record<string, StripeHandler> = {
  'checkout.session.completed': recordPayment,
  // Bank debits and the like are paid days after the checkout was completed.
  'checkout.session.async_payment_succeeded': recordPayment,
};

/**
 * A route that verifies an event, hands it to the handler of its type and remembers it.
 *
 * Handlers must bear being called twice: an event whose handler failed half-way is
 * sent again. Types without a handler are acknowledged and kept.
 */
export function createStripeWebhookRoute(handlers: Record<string, StripeHandler> = {}) {
  const all = { ...DEFAULT_HANDLERS, ...handlers };
  const route = new Hono<Env>();

  route.post('/', async (c) => {
    const payload = await c.req.text();
    const header = c.req.header('stripe-signature') ?? '';
    await verifySignature(payload, header, c.env.STRIPE_WEBHOOK_SECRET);

    const event = parseEvent(payload);
    const db = drizzle(c.env.DB);
    const row = { id: event.id, type: event.type, receivedAt: new Date() };
    await db.insert(stripeEvents).values(row).onConflictDoNothing();

    const known = await db.select().from(stripeEvents).where(eq(stripeEvents.id, event.id)).get();
    if (known?.processedAt) return c.json({ received: true, duplicate: true });

    await all[event.type]?.(event, db);
    const processed = { processedAt: new Date() };
    await db.update(stripeEvents).set(processed).where(eq(stripeEvents.id, event.id));
    return c.json({ received: true });
  });

  route.onError((error, c) => {
    if (error instanceof SignatureError) return c.json({ error: error.message }, 400);
    if (error instanceof SyntaxError)
      return c.json({ error: 'the body is not a Stripe event' }, 400);
    // 500 makes Stripe send the event again, for up to three days.
    console.error('stripe-webhook:', error);
    return c.json({ error: 'the event could not be handled; send it again' }, 500);
  });

  return route;
}

export const stripeWebhookRoute = createStripeWebhookRoute();
