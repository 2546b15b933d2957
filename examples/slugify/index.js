/**
 * Letters that Unicode does not split into a base letter and an accent.
 * Written as escapes so that the file reads the same in every editor.
 * @type {Record<string, string>}
 */
const LETTERS = {
  '\u00df': 'ss', // sharp s
  '\u00e6': 'ae',
  '\u00f8': 'o',
  '\u00f0': 'd',
  '\u00fe': 'th',
  '\u0111': 'd',
  '\u0131': 'i', // dotless i
  '\u0142': 'l',
  '\u0153': 'oe',
  '&': ' and ',
  '@': ' at ',
  '%': ' percent ',
};

/**
 * @typedef {object} SlugOptions
 * @property {string} [separator] One of "-", "_" or ".". Default "-".
 * @property {number} [maxLength] Cut at the last whole word that fits. Default 80.
 * @property {Record<string, string>} [replace] Replacements of your own, applied first.
 */

/**
 * Turn a title into a slug of a-z, 0-9 and the separator.
 *
 * The result is empty when nothing in the text can be written in ASCII;
 * decide yourself what to use then (an id is a good choice).
 *
 * @param {string} text
 * @param {SlugOptions} [options]
 * @returns {string}
 */
export function slugify(text, { separator = '-', maxLength = 80, replace = {} } = {}) {
  if (!['-', '_', '.'].includes(separator)) {
    throw new TypeError('separator must be "-", "_" or "."');
  }
  let plain = String(text);
  for (const [from, to] of Object.entries(replace)) plain = plain.replaceAll(from, ` ${to} `);

  const words = Array.from(plain.toLowerCase().normalize('NFKD'), (char) => LETTERS[char] ?? char)
    .join('')
    .replace(/\p{Mark}+/gu, '') // accents, once NFKD has split them off
    .replace(/['\u2019]/g, '') // "don't" is one word
    .split(/[^a-z0-9]+/)
    .filter(Boolean);

  return joinUpTo(words, separator, maxLength);
}

/**
 * @param {string[]} words
 * @param {string} separator
 * @param {number} maxLength
 */
function joinUpTo(words, separator, maxLength) {
  let slug = '';
  for (const word of words) {
    const longer = slug ? slug + separator + word : word;
    if (longer.length > maxLength) {
      // A single word longer than the limit is cut; better than an empty slug.
      return slug || word.slice(0, maxLength);
    }
    slug = longer;
  }
  return slug;
}

/**
 * A slug nobody uses yet: "my-post", then "my-post-2", "my-post-3", ...
 *
 * Two requests can still choose the same slug at the same moment. Keep a unique
 * constraint on the column and call this again when the insert is refused.
 *
 * @param {string} text
 * @param {(slug: string) => boolean | Promise<boolean>} isTaken
 * @param {SlugOptions & { fallback?: string, attempts?: number }} [options]
 * @returns {Promise<string>}
 */
export async function uniqueSlug(
  text,
  isTaken,
  { fallback = 'untitled', attempts = 50, ...options } = {},
) {
  const { separator = '-', maxLength = 80 } = options;
  const base = slugify(text, options) || fallback;
  for (let n = 1; n <= attempts; n += 1) {
    const suffix = n === 1 ? '' : `${separator}${n}`;
    const slug = base.slice(0, maxLength - suffix.length) + suffix;
    if (!(await isTaken(slug))) return slug;
  }
  throw new Error(`no free slug for "${base}" after ${attempts} attempts`);
}
