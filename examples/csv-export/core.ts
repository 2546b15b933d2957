/** CSV as RFC 4180 says, made safe for spreadsheets. No framework, no database. */

export type Cell = string | number | boolean | null | undefined;
export type Row = Record<string, Cell>;

/**
 * One value as a CSV field.
 *
 * Spreadsheets run a field that starts with = + - or @ as a formula, quoted or not.
 * Such text gets a leading apostrophe; real numbers stay as they are.
 */
export function csvCell(value: Cell): string {
  if (value === null || value === undefined) return '';
  if (typeof value !== 'string') return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function csvLine(values: readonly Cell[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

/**
 * Turn pages of rows into a stream of CSV bytes. The next page is fetched only when the
 * reader has taken the last one, so memory holds one page, however long the export.
 *
 * nextPage: called with the last row of the page before (undefined at first); an empty
 * page ends the export.
 */
export function csvStream(
  columns: readonly string[],
  nextPage: (last: Row | undefined) => Promise<Row[]>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let last: Row | undefined;
  return new ReadableStream<Uint8Array>({
    start(controller) {
      // Without the byte order mark Excel takes UTF-8 for Latin-1.
      controller.enqueue(encoder.encode(`\ufeff${csvLine(columns)}`));
    },
    async pull(controller) {
      const rows = await nextPage(last);
      last = rows.at(-1);
      if (!last) return controller.close();
      const lines = rows.map((row) => csvLine(columns.map((column) => row[column])));
      controller.enqueue(encoder.encode(lines.join('')));
    },
  });
}

/** "orders" -> "orders-2026-03-01.csv" */
export function fileName(name: string, now: Date): string {
  return `${name}-${now.toISOString().slice(0, 10)}.csv`;
}
