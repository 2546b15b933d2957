import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core';

/** Views and visitors per page and day: the numbers you keep. */
export const pageViews = sqliteTable(
  'page_views',
  {
    path: text('path').notNull(),
    /** UTC, "2026-03-01". */
    day: text('day').notNull(),
    views: integer('views').notNull(),
    visitors: integer('visitors').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.path, table.day] }),
    index('page_views_by_day').on(table.day),
  ],
);

/** Who was seen where today; only needed until midnight. */
export const pageVisitors = sqliteTable(
  'page_visitors',
  {
    path: text('path').notNull(),
    day: text('day').notNull(),
    /** 64 bits of a salted hash; see visitorHash. */
    visitor: text('visitor').notNull(),
  },
  (table) => [primaryKey({ columns: [table.day, table.path, table.visitor] })],
);
