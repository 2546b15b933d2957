import { Hono } from 'hono';

const MIN_SIZE = 16;
const MAX_SIZE = 512;
const MAX_NAME_LENGTH = 100;

/**
 * First letters of the first and the last word: "Ada King Lovelace" -> "AL".
 *
 * @param {string} name
 */
export function initialsOf(name) {
  const words = name.normalize('NFC').match(/[\p{Letter}\p{Number}]+/gu) ?? [];
  const chosen = words.length > 1 ? [words[0], words[words.length - 1]] : words.slice(0, 1);
  // Array.from keeps letters outside the basic plane whole; slice(0, 1) would not.
  return (
    chosen.map((word) => Array.from(word ?? '')[0]?.toLocaleUpperCase('en') ?? '').join('') || '?'
  );
}

/**
 * The same name always has the same hue, 0 to 359. FNV-1a spreads similar names well.
 *
 * @param {string} name
 */
export function hueOf(name) {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name.trim().toLowerCase())) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return hash % 360;
}

/** @param {string} text */
function escapeXml(text) {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/**
 * @param {string} name
 * @param {{ size?: number, square?: boolean }} [options] size in pixels
 * @returns {string} a complete SVG document
 */
export function avatarSvg(name, { size = 64, square = false } = {}) {
  // 28 % lightness keeps white text above a contrast of 4.5:1 for every hue.
  const background = `hsl(${hueOf(name)} 55% 28%)`;
  const label = escapeXml(name);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}"`,
    ` viewBox="0 0 64 64" role="img" aria-label="${label}">`,
    `<title>${label}</title>`,
    `<rect width="64" height="64" rx="${square ? 8 : 32}" fill="${background}"/>`,
    '<text x="32" y="32" dy=".35em" text-anchor="middle" fill="#fff"',
    ' font-family="system-ui, sans-serif" font-size="26" font-weight="600">',
    `${escapeXml(initialsOf(name))}</text></svg>`,
  ].join('');
}

export const initialsAvatarRoute = new Hono();

initialsAvatarRoute.get('/', (c) => {
  const name = (c.req.query('name') ?? '').trim();
  const size = Number(c.req.query('size') ?? 64);
  const shape = c.req.query('shape') ?? 'circle';

  if (!name || name.length > MAX_NAME_LENGTH) {
    return c.json({ error: `name must have 1 to ${MAX_NAME_LENGTH} characters` }, 400);
  }
  if (!Number.isInteger(size) || size < MIN_SIZE || size > MAX_SIZE) {
    return c.json({ error: `size must be a whole number from ${MIN_SIZE} to ${MAX_SIZE}` }, 400);
  }
  if (shape !== 'circle' && shape !== 'square') {
    return c.json({ error: 'shape must be circle or square' }, 400);
  }
  return c.body(avatarSvg(name, { size, square: shape === 'square' }), 200, {
    'content-type': 'image/svg+xml; charset=utf-8',
    // Nothing but the address decides what the picture looks like.
    'cache-control': 'public, max-age=31536000, immutable',
    // Opened on its own, an SVG is a document: give it no rights at all.
    'content-security-policy': "default-src 'none'; sandbox",
    'x-content-type-options': 'nosniff',
  });
});
