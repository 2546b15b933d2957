export { createCsvExportRoute, csvExportRoute } from './adapter';
export type { Export } from './adapter';
export { csvCell, csvLine, csvStream } from './core';
export type { Cell, Row } from './core';
