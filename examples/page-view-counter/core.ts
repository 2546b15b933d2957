/** What counts as a view, and who counts as a visitor. No framework, no database. */

const MAX_PATH_LENGTH = 200;

/** Programs that say what they are. Those that lie are counted; nobody can tell. */
const BOT = /bot|crawl|spider|slurp|preview|monitor|headless|lighthouse|curl|wget|python|^$/i;

export type Visit = {
  userAgent: string;
  address: string;
  /** Header DNT or Sec-GPC is "1". */
  optedOut: boolean;
};

export function isCountable(visit: Visit): boolean {
  return !visit.optedOut && !BOT.test(visit.userAgent);
}

/**
 * The path a view is counted under, or undefined when it is none: no query, no
 * fragment (both can hold private things), no trailing slash.
 */
export function normalisePath(raw: unknown): string | undefined {
  if (typeof raw !== 'string' || !raw.startsWith('/') || raw.startsWith('//')) return undefined;
  const path = raw.replace(/[?#].*$/s, '').replace(/\/+$/, '') || '/';
  return path.length <= MAX_PATH_LENGTH && !/[\s\p{Control}]/u.test(path) ? path : undefined;
}

/** The UTC day of a moment: "2026-03-01". */
export function dayOf(now: Date): string {
  return now.toISOString().slice(0, 10);
}

/**
 * A number for "the same browser today". It cannot be turned back into an address
 * without the salt, and it changes at midnight, so nobody can be followed for longer.
 */
export async function visitorHash(visit: Visit, day: string, salt: string): Promise<string> {
  if (!salt || salt.length < 16) throw new Error('the salt needs 16 characters or more');
  const encoder = new TextEncoder();
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(salt), algorithm, false, [
    'sign',
  ]);
  const text = JSON.stringify([day, visit.address, visit.userAgent]);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, encoder.encode(text)));
  // 64 bits: enough to keep a day's visitors of a large site apart.
  return Array.from(mac.slice(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function parseDays(raw = '30'): number | undefined {
  const days = /^\d{1,3}$/.test(raw) ? Number(raw) : 0;
  return days >= 1 && days <= 365 ? days : undefined;
}
