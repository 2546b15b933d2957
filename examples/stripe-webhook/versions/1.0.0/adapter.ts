import { eq } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { Hono } from 'hono';
import { parseEvent, paymentOf, SignatureError, verifySignature } from './core';
import { payments, stripeEvents } from './schema';

type Env = { Bindings: { DB: D1Database; STRIPE_WEBHOOK_SECRET: string } };

export const stripeWebhookRoute = new Hono<Env>();

stripeWebhookRoute.post('/', async (c) => {
  const payload = await c.req.text();
  const header = c.req.header('stripe-signature') ?? '';
  await verifySignature(payload, header, c.env.STRIPE_WEBHOOK_SECRET);

  const event = parseEvent(payload);
  const db = drizzle(c.env.DB);
  const row = { id: event.id, type: event.type, receivedAt: new Date() };
  await db.insert(stripeEvents).values(row).onConflictDoNothing();

  const known = await db.select().from(stripeEvents).where(eq(stripeEvents.id, event.id)).get();
  if (known?.processedAt) return c.json({ received: true, duplicate: true });

  const payment = event.type === 'checkout.session.completed' ? paymentOf(event) : undefined;
  if (payment) {
    const paidAt = new Date(event.created * 1000);
    await db
      .insert(payments)
      .values({ ...payment, paidAt })
      .onConflictDoNothing();
  }
  const processed = { processedAt: new Date() };
  await db.update(stripeEvents).set(processed).where(eq(stripeEvents.id, event.id));
  return c.json({ received: true });
});

stripeWebhookRoute.onError((error, c) => {
  if (error instanceof SignatureError) return c.json({ error: error.message }, 400);
  if (error instanceof SyntaxError) return c.json({ error: 'the body is not a Stripe event' }, 400);
  // 500 makes Stripe send the event again, for up to three days.
  console.error('stripe-webhook:', error);
  return c.json({ error: 'the event could not be handled; send it again' }, 500);
});
