import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** The example table; put your own columns in. */
export const posts = sqliteTable(
  'posts',
  {
    id: text('id').primaryKey(),
    title: text('title').notNull(),
    /** Milliseconds since the epoch. */
    createdAt: integer('created_at').notNull(),
  },
  // Both columns, in this order: the index alone answers every page.
  (table) => [index('posts_newest_first').on(table.createdAt, table.id)],
);
