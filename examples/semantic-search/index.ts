export { semanticSearchRoute } from './adapter';
export { bestPerDocument, parseDocument, parseQuery, SearchError, splitText } from './core';
export type { Document, Match } from './core';
