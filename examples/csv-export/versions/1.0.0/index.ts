import type { Handler } from 'hono';

type Cell = string | number | null;
type Env = { Bindings: { DB: D1Database } };

/** One value as a CSV field. Text that a spreadsheet would run as a formula gets an apostrophe. */
export function csvCell(value: Cell): string {
  if (value === null) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A handler that answers the rows of `query` as a CSV file. Put your own sign-in in front. */
export function csvExport(fileName: string, query: string): Handler<Env> {
  return async (c) => {
    try {
      const { results } = await c.env.DB.prepare(query).all<Record<string, Cell>>();
      const columns = Object.keys(results[0] ?? {});
      const lines = results.map((row) => columns.map((column) => csvCell(row[column] ?? null)));
      const csv = [columns, ...lines].map((line) => line.join(',')).join('\r\n');
      // Without the byte order mark Excel takes UTF-8 for Latin-1.
      return c.body(`\ufeff${csv}\r\n`, 200, {
        'content-type': 'text/csv; charset=utf-8',
        'content-disposition': `attachment; filename="${fileName}"`,
      });
    } catch (error) {
      console.error('csv-export:', error);
      return c.json({ error: 'the export failed' }, 500);
    }
  };
}
