/** Cursors and pages. No framework, no database. */

export const DEFAULT_LIMIT = 20;
export const MAX_LIMIT = 100;

/** Where a page ends: the sort value of its last row, and its id to break ties. */
export type Cursor = { createdAt: number; id: string };

export type Page<Row> = {
  items: Row[];
  /** Send it as `cursor` to get the next page; null on the last one. */
  next: string | null;
};

/** A fault of the caller; its message is safe to show. */
export class PaginationError extends Error {}

/** Opaque on purpose: clients that take cursors apart keep you from changing the order. */
export function encodeCursor({ createdAt, id }: Cursor): string {
  const bytes = new TextEncoder().encode(JSON.stringify([createdAt, id]));
  const base64 = btoa(String.fromCharCode(...bytes));
  return base64.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/** Throws PaginationError for anything encodeCursor did not make. */
export function decodeCursor(text: string): Cursor {
  try {
    const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (Array.isArray(value) && value.length === 2) {
      const [createdAt, id] = value as unknown[];
      if (Number.isSafeInteger(createdAt) && typeof id === 'string') {
        return { createdAt: createdAt as number, id };
      }
    }
  } catch {
    // not base64, or not JSON
  }
  throw new PaginationError('cursor is not one of ours; start without it');
}

export function parseLimit(raw: string | undefined): number {
  if (raw === undefined) return DEFAULT_LIMIT;
  const limit = /^\d{1,4}$/.test(raw) ? Number(raw) : 0;
  if (limit < 1 || limit > MAX_LIMIT) {
    throw new PaginationError(`limit must be a number from 1 to ${MAX_LIMIT}`);
  }
  return limit;
}

/**
 * Make a page out of up to `limit + 1` rows. The extra row only tells that there is
 * more, so no second query has to count.
 */
export function toPage<Row>(rows: Row[], limit: number, cursorOf: (row: Row) => Cursor): Page<Row> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { items, next: hasMore ? encodeCursor(cursorOf(last)) : null };
}
