import { Hono, type MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';
import { csvStream, fileName, type Row } from './core';

type Env = { Bindings: { DB: D1Database; CSV_EXPORT_TOKEN: string } };

export type Export = {
  table: string;
  /** Columns in the order of the file. */
  columns: readonly string[];
  /** A unique, indexed column to walk along. Must be among `columns`. */
  key: string;
};

/** What can be exported. Names come from here, never from the request. */
const EXAMPLE: Record<string, Export> = {
  orders: { table: 'orders', columns: ['id', 'email', 'total', 'created_at'], key: 'id' },
};

const PAGE_ROWS = 1000;

/** Quote an identifier of our own; the check is a backstop against typing errors. */
function identifier(name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) throw new Error(`not a table or column name: ${name}`);
  return `"${name}"`;
}

function pageReader(db: D1Database, { table, columns, key }: Export) {
  if (!columns.includes(key)) throw new Error(`key "${key}" is not among the columns`);
  const select = `SELECT ${columns.map(identifier).join(', ')} FROM ${identifier(table)}`;
  const order = `ORDER BY ${identifier(key)} LIMIT ${PAGE_ROWS}`;
  return async (last: Row | undefined): Promise<Row[]> => {
    // By key instead of OFFSET: the thousandth page costs what the first one costs.
    const statement = last
      ? db.prepare(`${select} WHERE ${identifier(key)} > ? ${order}`).bind(last[key])
      : db.prepare(`${select} ${order}`);
    return (await statement.all<Row>()).results;
  };
}

const requireToken: MiddlewareHandler<Env> = async (c, next) => {
  const token = c.env.CSV_EXPORT_TOKEN;
  if (!token) return c.json({ error: 'CSV_EXPORT_TOKEN is not set' }, 503);
  const guard: MiddlewareHandler<Env> = bearerAuth({ token });
  return guard(c, next);
};

export function createCsvExportRoute(exports: Record<string, Export>) {
  const known = new Map(Object.entries(exports));
  const route = new Hono<Env>();

  route.use(requireToken);

  route.get('/', (c) => c.json({ exports: [...known.keys()] }));

  route.get('/:name', (c) => {
    const name = c.req.param('name').replace(/\.csv$/, '');
    const wanted = known.get(name);
    if (!wanted) return c.json({ error: `no export called "${name.slice(0, 40)}"` }, 404);
    return c.body(csvStream(wanted.columns, pageReader(c.env.DB, wanted)), 200, {
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': `attachment; filename="${fileName(name, new Date())}"`,
      'cache-control': 'no-store',
    });
  });

  route.onError((error, c) => {
    if (error instanceof HTTPException) return error.getResponse();
    console.error('csv-export:', error);
    return c.json({ error: 'the export failed' }, 500);
  });

  return route;
}

export const csvExportRoute = createCsvExportRoute(EXAMPLE);
