import { Hono } from 'hono';

type Bindings = { LLM_API_KEY: string; LLM_BASE_URL?: string; LLM_MODEL: string };
type Message = { role: 'user' | 'assistant'; content: string };
type Completion = { choices: { message: { content: string } }[] };

const MAX_MESSAGES = 50;
const MAX_CHARACTERS = 32_000;

function isMessage(value: unknown): value is Message {
  const { role, content } = (value ?? {}) as Record<string, unknown>;
  return (role === 'user' || role === 'assistant') && typeof content === 'string' && content !== '';
}

export const llmProxyRoute = new Hono<{ Bindings: Bindings }>();

llmProxyRoute.post('/', async (c) => {
  const body = await c.req.json<{ messages?: unknown } | null>().catch(() => null);
  const messages = body?.messages;
  if (!Array.isArray(messages) || messages.length > MAX_MESSAGES || !messages.every(isMessage)) {
    return c.json({ error: `messages must be a list of up to ${MAX_MESSAGES} messages` }, 400);
  }
  if (JSON.stringify(messages).length > MAX_CHARACTERS) {
    return c.json({ error: `messages exceed ${MAX_CHARACTERS} characters` }, 400);
  }

  const base = c.env.LLM_BASE_URL ?? 'https://api.openai.com/v1';
  const upstream = await fetch(`${base}/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${c.env.LLM_API_KEY}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({ model: c.env.LLM_MODEL, messages, max_tokens: 800 }),
    signal: AbortSignal.timeout(60_000),
  });
  if (!upstream.ok) {
    console.error('llm-proxy: upstream', upstream.status, await upstream.text());
    return c.json({ error: 'the model did not answer' }, 502);
  }
  const completion = await upstream.json<Completion>();
  return c.json({ content: completion.choices[0]?.message.content ?? '' });
});

llmProxyRoute.onError((error, c) => {
  console.error('llm-proxy:', error);
  return c.json({ error: 'the model could not be reached' }, 502);
});
