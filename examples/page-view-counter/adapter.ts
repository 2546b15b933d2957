import { and, desc, eq, gte, lt, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/d1';
import { Hono, type Context } from 'hono';
import { cors } from 'hono/cors';
import { dayOf, isCountable, normalisePath, parseDays, visitorHash, type Visit } from './core';
import { pageViews, pageVisitors } from './schema';

type Env = {
  Bindings: {
    DB: D1Database;
    /** The site that may count, e.g. https://www.example.com. */
    PAGE_VIEW_ORIGIN: string;
    PAGE_VIEW_SALT: string;
  };
};

function visitOf(c: Context<Env>): Visit {
  return {
    userAgent: c.req.header('user-agent') ?? '',
    address: c.req.header('cf-connecting-ip') ?? '',
    optedOut: c.req.header('dnt') === '1' || c.req.header('sec-gpc') === '1',
  };
}

async function countView(c: Context<Env>, path: string, visit: Visit): Promise<void> {
  const db = drizzle(c.env.DB);
  const day = dayOf(new Date());
  const visitor = await visitorHash(visit, day, c.env.PAGE_VIEW_SALT);
  const inserted = await db
    .insert(pageVisitors)
    .values({ path, day, visitor })
    .onConflictDoNothing()
    .returning({ visitor: pageVisitors.visitor });
  const isNew = inserted.length;
  await db
    .insert(pageViews)
    .values({ path, day, views: 1, visitors: isNew })
    .onConflictDoUpdate({
      target: [pageViews.path, pageViews.day],
      // Added up by the database: two views at once are two views.
      set: { views: sql`${pageViews.views} + 1`, visitors: sql`${pageViews.visitors} + ${isNew}` },
    });
}

export const pageViewRoute = new Hono<Env>();

pageViewRoute.use(async (c, next) => {
  const guard = cors({
    origin: c.env.PAGE_VIEW_ORIGIN,
    allowMethods: ['GET', 'POST'],
    maxAge: 86_400,
  });
  return guard(c, next);
});

/** Always 204: the page has nothing to do with the outcome. */
pageViewRoute.post('/', async (c) => {
  // sendBeacon sends text/plain, so the type is not looked at.
  const body = await c.req.json<{ path?: unknown } | null>().catch(() => null);
  const path = normalisePath(body?.path);
  const visit = visitOf(c);
  if (path && isCountable(visit)) {
    const counting = countView(c, path, visit).catch((error: unknown) => {
      console.error('page-view-counter:', error);
    });
    c.executionCtx.waitUntil(counting); // the page does not wait for the database
  }
  return c.body(null, 204);
});

/** Numbers per day of one page, or the pages seen most. Days are UTC. */
pageViewRoute.get('/', async (c) => {
  const days = parseDays(c.req.query('days'));
  if (!days) return c.json({ error: 'days must be a number from 1 to 365' }, 400);
  const since = dayOf(new Date(Date.now() - (days - 1) * 86_400_000));
  const db = drizzle(c.env.DB);

  const asked = c.req.query('path');
  if (asked === undefined) {
    const views = sql<number>`sum(${pageViews.views})`.as('views');
    const top = await db
      .select({ path: pageViews.path, views })
      .from(pageViews)
      .where(gte(pageViews.day, since))
      .groupBy(pageViews.path)
      .orderBy(desc(views))
      .limit(50);
    return c.json({ since, pages: top });
  }
  const path = normalisePath(asked);
  if (!path) return c.json({ error: 'path must start with "/"' }, 400);
  const rows = await db
    .select({ day: pageViews.day, views: pageViews.views, visitors: pageViews.visitors })
    .from(pageViews)
    .where(and(eq(pageViews.path, path), gte(pageViews.day, since)))
    .orderBy(pageViews.day);
  return c.json({ path, since, days: rows });
});

pageViewRoute.onError((error, c) => {
  console.error('page-view-counter:', error);
  return c.json({ error: 'the numbers are not available at the moment' }, 500);
});

/** For a daily cron trigger: forget yesterday's visitors, keep the counts. */
export async function forgetVisitors(env: { DB: D1Database }, now = new Date()): Promise<void> {
  await drizzle(env.DB)
    .delete(pageVisitors)
    .where(lt(pageVisitors.day, dayOf(now)));
}
