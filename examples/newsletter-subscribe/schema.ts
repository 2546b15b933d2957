import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** One row per address that ever asked. Nobody gets mail before `confirmedAt` is set. */
export const subscribers = sqliteTable(
  'subscribers',
  {
    email: text('email').primaryKey(),
    status: text('status', { enum: ['pending', 'confirmed', 'unsubscribed'] }).notNull(),
    requestedAt: integer('requested_at', { mode: 'timestamp' }).notNull(),
    /** Proof of consent: when the link in the mail was used. */
    confirmedAt: integer('confirmed_at', { mode: 'timestamp' }),
    unsubscribedAt: integer('unsubscribed_at', { mode: 'timestamp' }),
  },
  (table) => [index('subscribers_by_status').on(table.status)],
);
