import { desc, sql, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import type { SQLiteColumn } from 'drizzle-orm/sqlite-core';
import { Hono } from 'hono';
import { decodeCursor, PaginationError, parseLimit, toPage, type Cursor } from './core';
import { posts } from './schema';

type Env = { Bindings: { DB: D1Database } };

/**
 * "Older than the cursor" as one row-value comparison. SQLite walks the index straight
 * to that place; the same written with OR makes it read everything before.
 */
export function after(cursor: Cursor, createdAt: SQLiteColumn, id: SQLiteColumn): SQL {
  return sql`(${createdAt}, ${id}) < (${cursor.createdAt}, ${cursor.id})`;
}

export const cursorPaginationRoute = new Hono<Env>();

cursorPaginationRoute.get('/', async (c) => {
  const limit = parseLimit(c.req.query('limit'));
  const cursor = c.req.query('cursor');

  const rows = await drizzle(c.env.DB)
    .select()
    .from(posts)
    .where(cursor ? after(decodeCursor(cursor), posts.createdAt, posts.id) : undefined)
    .orderBy(desc(posts.createdAt), desc(posts.id))
    .limit(limit + 1);

  const page = toPage(rows, limit, ({ createdAt, id }) => ({ createdAt, id }));
  if (page.next) {
    // RFC 8288: generic clients and crawlers find the next page without reading JSON.
    const next = new URL(c.req.url);
    next.searchParams.set('cursor', page.next);
    c.header('link', `<${next.pathname}${next.search}>; rel="next"`);
  }
  return c.json(page);
});

cursorPaginationRoute.onError((error, c) => {
  if (error instanceof PaginationError) return c.json({ error: error.message }, 400);
  console.error('cursor-pagination:', error);
  return c.json({ error: 'the list is not available at the moment' }, 500);
});
