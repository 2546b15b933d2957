export { forgetVisitors, pageViewRoute } from './adapter';
export { dayOf, isCountable, normalisePath, visitorHash } from './core';
export type { Visit } from './core';
export { pageViews, pageVisitors } from './schema';
