import { Hono, type Context } from 'hono';

type Bindings = {
  LLM_API_KEY: string;
  /** Up to and including /v1. Default: OpenAI. */
  LLM_BASE_URL?: string;
  /** Models callers may name, separated by commas; the first is the default. */
  LLM_MODELS: string;
  /** Put in front of every conversation; callers cannot remove it. */
  LLM_SYSTEM_PROMPT?: string;
};

type Env = { Bindings: Bindings };

export type ChatMessage = { role: 'user' | 'assistant'; content: string };
export type ChatRequest = {
  model: string;
  messages: ChatMessage[];
  maxTokens: number;
  stream: boolean;
};

const MAX_MESSAGES = 50;
const MAX_CHARACTERS = 32_000;
const MAX_TOKENS = 2_000;

/** A fault of the caller; its message is safe to show. */
export class ChatError extends Error {}

/** Check a request body. Throws ChatError naming the field. */
export function parseChat(body: unknown, models: readonly string[]): ChatRequest {
  const {
    model = models[0],
    messages,
    maxTokens = 800,
    stream = true,
  } = (body ?? {}) as Record<string, unknown>;
  if (typeof model !== 'string' || !models.includes(model)) {
    throw new ChatError(`model must be one of: ${models.join(', ')}`);
  }
  if (!Array.isArray(messages) || messages.length < 1 || messages.length > MAX_MESSAGES) {
    throw new ChatError(`messages must be a list of 1 to ${MAX_MESSAGES}`);
  }
  if (
    !Number.isInteger(maxTokens) ||
    (maxTokens as number) < 1 ||
    (maxTokens as number) > MAX_TOKENS
  ) {
    throw new ChatError(`maxTokens must be from 1 to ${MAX_TOKENS}`);
  }
  if (typeof stream !== 'boolean') throw new ChatError('stream must be true or false');

  const checked = messages.map(parseMessage);
  const length = checked.reduce((sum, message) => sum + message.content.length, 0);
  if (length > MAX_CHARACTERS) throw new ChatError(`messages exceed ${MAX_CHARACTERS} characters`);
  if (checked.at(-1)?.role !== 'user') throw new ChatError("the last message must be the user's");
  return { model, messages: checked, maxTokens: maxTokens as number, stream };
}

function parseMessage(message: unknown, index: number): ChatMessage {
  const { role, content } = (message ?? {}) as Record<string, unknown>;
  // "system" is left out on purpose: the system prompt is the operator's.
  if (role !== 'user' && role !== 'assistant') {
    throw new ChatError(`messages[${index}].role must be user or assistant`);
  }
  if (typeof content !== 'string' || !content.trim()) {
    throw new ChatError(`messages[${index}].content must be text`);
  }
  return { role, content };
}

function askModel(c: Context<Env>, chat: ChatRequest): Promise<Response> {
  const base = (c.env.LLM_BASE_URL ?? 'https://api.openai.com/v1').replace(/\/+$/, '');
  const prompt = c.env.LLM_SYSTEM_PROMPT;
  const system = prompt ? [{ role: 'system', content: prompt }] : [];
  return fetch(`${base}/chat/completions`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${c.env.LLM_API_KEY}`,
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      model: chat.model,
      messages: [...system, ...chat.messages],
      max_tokens: chat.maxTokens,
      stream: chat.stream,
    }),
    // When the reader closes the page, generation (and its cost) stops with it.
    signal: c.req.raw.signal,
  });
}

export const llmProxyRoute = new Hono<Env>();

llmProxyRoute.get('/models', (c) => c.json({ models: modelsOf(c) }));

llmProxyRoute.post('/', async (c) => {
  const chat = parseChat(await c.req.json().catch(() => null), modelsOf(c));
  const upstream = await askModel(c, chat);
  if (!upstream.ok) return refuse(c, upstream);

  // Passed through as it comes: no buffering, no parsing, no cost in CPU time.
  return new Response(upstream.body, {
    headers: {
      'content-type': chat.stream ? 'text/event-stream; charset=utf-8' : 'application/json',
      'cache-control': 'no-store',
    },
  });
});

function modelsOf(c: Context<Env>): string[] {
  return c.env.LLM_MODELS.split(',')
    .map((model) => model.trim())
    .filter(Boolean);
}

/** Turn the provider's refusal into ours. Its text goes to the log: it can name the account. */
async function refuse(c: Context<Env>, upstream: Response): Promise<Response> {
  console.error('llm-proxy: upstream', upstream.status, (await upstream.text()).slice(0, 1000));
  if (upstream.status === 429) {
    const wait = upstream.headers.get('retry-after') ?? '10';
    return c.json({ error: 'the model is busy; try again' }, 429, { 'retry-after': wait });
  }
  return c.json({ error: 'the model did not answer' }, 502);
}

llmProxyRoute.onError((error, c) => {
  if (error instanceof ChatError) return c.json({ error: error.message }, 400);
  console.error('llm-proxy:', error);
  return c.json({ error: 'the model could not be reached' }, 502);
});
