export { checkCode, twoFactorRoute } from './adapter';
export type { CheckResult } from './adapter';
export { codeAt, createSecret, matchStep, open, otpauthUri, seal, stepAt, toBase32 } from './core';
