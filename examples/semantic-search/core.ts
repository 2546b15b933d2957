/** Splitting texts and checking input for semantic search. No framework, no network. */

/** About 250 tokens of English: half of what the embedding model reads at most. */
export const CHUNK_CHARACTERS = 1000;
export const MAX_TEXT_CHARACTERS = 90_000;
/** Vectorize takes ids of up to 64 bytes; a chunk adds "#" and a number. */
const MAX_ID_LENGTH = 58;

export type Document = { id: string; title: string; text: string };
export type Match = { id: string; title: string; excerpt: string; score: number };

/** A fault of the caller; its message is safe to show. */
export class SearchError extends Error {}

export function parseDocument(value: unknown): Document {
  const { id, title, text } = (value ?? {}) as Record<string, unknown>;
  if (typeof id !== 'string' || id.length > MAX_ID_LENGTH || !/^[\w.-]+$/.test(id)) {
    throw new SearchError(`id must be 1 to ${MAX_ID_LENGTH} letters, digits, ".", "-" or "_"`);
  }
  if (typeof title !== 'string' || !title.trim() || title.length > 200) {
    throw new SearchError('title must have 1 to 200 characters');
  }
  if (typeof text !== 'string' || !text.trim() || text.length > MAX_TEXT_CHARACTERS) {
    throw new SearchError(`text must have 1 to ${MAX_TEXT_CHARACTERS} characters`);
  }
  return { id, title: title.trim(), text };
}

export function parseQuery(raw: string | undefined, limit = '5'): { query: string; limit: number } {
  const query = raw?.trim() ?? '';
  if (!query || query.length > 500) throw new SearchError('q must have 1 to 500 characters');
  if (!/^([1-9]|1\d|20)$/.test(limit)) throw new SearchError('limit must be from 1 to 20');
  return { query, limit: Number(limit) };
}

/**
 * Cut a text into pieces of up to `size` characters, at paragraphs where possible,
 * else at sentences, else at spaces. No piece is empty and no word is lost.
 */
export function splitText(text: string, size = CHUNK_CHARACTERS): string[] {
  const chunks: string[] = [];
  let current = '';
  for (const piece of pieces(text, size)) {
    if (current && current.length + piece.length + 1 > size) {
      chunks.push(current);
      current = piece;
    } else {
      current = current ? `${current} ${piece}` : piece;
    }
  }
  if (current) chunks.push(current);
  return chunks;
}

/** The largest natural units that fit: a paragraph, or its sentences, or its words. */
function pieces(text: string, size: number): string[] {
  const fit = (unit: string, finer: (unit: string) => string[]) =>
    unit.length <= size ? [unit] : finer(unit);
  const words = (unit: string) =>
    unit.split(' ').flatMap((word) => fit(word, (long) => cut(long, size)));
  const sentences = (unit: string) => unit.split(/(?<=[.!?]) /).flatMap((one) => fit(one, words));
  return text
    .split(/\n\s*\n/)
    .map((paragraph) => paragraph.replace(/\s+/g, ' ').trim())
    .filter(Boolean)
    .flatMap((paragraph) => fit(paragraph, sentences));
}

function cut(text: string, size: number): string[] {
  const parts: string[] = [];
  for (let at = 0; at < text.length; at += size) parts.push(text.slice(at, at + size));
  return parts;
}

/** The best match per document: three chunks of one page are one hit, not three. */
export function bestPerDocument(matches: readonly Match[], limit: number): Match[] {
  const best = new Map<string, Match>();
  for (const match of matches) {
    const known = best.get(match.id);
    if (!known || known.score < match.score) best.set(match.id, match);
  }
  return [...best.values()].sort((a, b) => b.score - a.score).slice(0, limit);
}
