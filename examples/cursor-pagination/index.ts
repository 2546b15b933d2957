export { after, cursorPaginationRoute } from './adapter';
export { decodeCursor, encodeCursor, PaginationError, parseLimit, toPage } from './core';
export type { Cursor, Page } from './core';
export { posts } from './schema';
