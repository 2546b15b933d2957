import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';
import {
  bestPerDocument,
  CHUNK_CHARACTERS,
  MAX_TEXT_CHARACTERS,
  parseDocument,
  parseQuery,
  SearchError,
  splitText,
  type Match,
} from './core';

type Env = {
  Bindings: {
    AI: Ai;
    VECTORIZE: Vectorize;
    SEARCH_WRITE_TOKEN: string;
  };
};

/** 768 numbers per text; create the Vectorize index with the same dimensions. */
const MODEL = '@cf/baai/bge-base-en-v1.5';
/** Workers AI embeds up to 100 texts in one call. */
const BATCH = 100;
/** More chunks than this no document can have: pieces are at least half full, two by two. */
const MAX_CHUNKS = Math.ceil((2 * MAX_TEXT_CHARACTERS) / CHUNK_CHARACTERS);

async function embed(c: Context<Env>, texts: string[]): Promise<number[][]> {
  const vectors: number[][] = [];
  for (let at = 0; at < texts.length; at += BATCH) {
    const answer = await c.env.AI.run(MODEL, { text: texts.slice(at, at + BATCH) });
    if (!('data' in answer) || !answer.data) throw new Error('the model gave no embeddings');
    vectors.push(...answer.data);
  }
  return vectors;
}

/** Ids are `<document>#<number>`, so a document's chunks can be named without a look-up. */
function chunkIds(documentId: string, from: number, to: number): string[] {
  return Array.from(
    { length: Math.max(0, to - from) },
    (_, index) => `${documentId}#${from + index}`,
  );
}

async function deleteChunks(c: Context<Env>, documentId: string, from: number): Promise<void> {
  const ids = chunkIds(documentId, from, MAX_CHUNKS);
  // Vectorize deletes up to 100 ids in one call.
  for (let at = 0; at < ids.length; at += BATCH) {
    await c.env.VECTORIZE.deleteByIds(ids.slice(at, at + BATCH));
  }
}

/** Writing costs money and decides what readers find, so it takes a token. */
const requireToken: MiddlewareHandler<Env> = async (c, next) => {
  const token = c.env.SEARCH_WRITE_TOKEN;
  if (!token) return c.json({ error: 'SEARCH_WRITE_TOKEN is not set' }, 503);
  const guard: MiddlewareHandler<Env> = bearerAuth({ token });
  return guard(c, next);
};

export const semanticSearchRoute = new Hono<Env>();

semanticSearchRoute.get('/', async (c) => {
  const { query, limit } = parseQuery(c.req.query('q'), c.req.query('limit'));
  const [vector] = await embed(c, [query]);
  if (!vector) throw new Error('no embedding for the query');
  // More than asked for: several chunks of one document become one hit.
  const found = await c.env.VECTORIZE.query(vector, { topK: 20, returnMetadata: 'all' });
  const matches = found.matches.map((match): Match => ({
    id: String(match.metadata?.document ?? ''),
    title: String(match.metadata?.title ?? ''),
    excerpt: String(match.metadata?.text ?? ''),
    score: match.score,
  }));
  return c.json({ results: bestPerDocument(matches, limit) });
});

/** Add a document, or replace the one with the same id. */
semanticSearchRoute.put('/documents', requireToken, async (c) => {
  const document = parseDocument(await c.req.json().catch(() => null));
  const chunks = splitText(document.text);
  // The title gives each piece the context that was cut off.
  const vectors = await embed(
    c,
    chunks.map((chunk) => `${document.title}\n${chunk}`),
  );
  await c.env.VECTORIZE.upsert(
    vectors.map((values, index) => ({
      id: `${document.id}#${index}`,
      values,
      metadata: { document: document.id, title: document.title, text: chunks[index] ?? '' },
    })),
  );
  // A shorter text than last time: remove what is left over.
  await deleteChunks(c, document.id, chunks.length);
  return c.json({ id: document.id, chunks: chunks.length });
});

semanticSearchRoute.delete('/documents/:id', requireToken, async (c) => {
  await deleteChunks(c, c.req.param('id'), 0);
  return c.body(null, 204);
});

semanticSearchRoute.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof SearchError) return c.json({ error: error.message }, 400);
  console.error('semantic-search:', error);
  return c.json({ error: 'search is not available at the moment' }, 503);
});
