import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** One row per link sent. */
export const loginTokens = sqliteTable(
  'login_tokens',
  {
    /** SHA-256 of the token, in hex. The token itself is only in the mail. */
    tokenHash: text('token_hash').primaryKey(),
    email: text('email').notNull(),
    createdAt: integer('created_at', { mode: 'timestamp' }).notNull(),
    expiresAt: integer('expires_at', { mode: 'timestamp' }).notNull(),
    usedAt: integer('used_at', { mode: 'timestamp' }),
  },
  (table) => [index('login_tokens_by_email').on(table.email, table.createdAt)],
);
