/**
 * Turn a title into a slug of a-z, 0-9 and the separator.
 *
 * @param {string} text
 * @param {{ separator?: string }} [options]
 * @returns {string} empty when nothing in the text can be written in ASCII
 */
export function slugify(text, { separator = '-' } = {}) {
  return String(text)
    .toLowerCase()
    .normalize('NFKD')
    .replace(/\p{Mark}+/gu, '') // accents, once NFKD has split them off
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
    .join(separator);
}
