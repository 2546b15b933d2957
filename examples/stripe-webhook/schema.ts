import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** One row per event Stripe sent us. Its primary key is what makes handling idempotent. */
export const stripeEvents = sqliteTable('stripe_events', {
  id: text('id').primaryKey(),
  type: text('type').notNull(),
  receivedAt: integer('received_at', { mode: 'timestamp' }).notNull(),
  /** Empty while no handler has finished; Stripe then sends the event again. */
  processedAt: integer('processed_at', { mode: 'timestamp' }),
});

/** One row per paid Checkout Session. */
export const payments = sqliteTable('payments', {
  sessionId: text('session_id').primaryKey(),
  orderId: text('order_id'),
  email: text('email'),
  amount: integer('amount').notNull(),
  currency: text('currency').notNull(),
  paidAt: integer('paid_at', { mode: 'timestamp' }).notNull(),
});
