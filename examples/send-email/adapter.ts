import { Hono, type MiddlewareHandler } from 'hono';
import { bearerAuth } from 'hono/bearer-auth';
import { HTTPException } from 'hono/http-exception';
import {
  deliver,
  DeliveryError,
  isProvider,
  MessageError,
  parseMessage,
  PROVIDERS,
  type Account,
} from './core';

export type SendEmailBindings = {
  /** resend (default), postmark or mailgun. */
  MAIL_PROVIDER?: string;
  MAIL_API_KEY: string;
  MAIL_FROM: string;
  MAILGUN_DOMAIN?: string;
  SEND_EMAIL_TOKEN: string;
};

/** The account to send with, from the Worker's settings. */
export function accountFrom(env: SendEmailBindings): Account {
  const provider = env.MAIL_PROVIDER ?? 'resend';
  if (!isProvider(provider))
    throw new Error(`MAIL_PROVIDER must be one of: ${PROVIDERS.join(', ')}`);
  if (!env.MAIL_API_KEY || !env.MAIL_FROM)
    throw new Error('MAIL_API_KEY and MAIL_FROM must be set');
  return { provider, apiKey: env.MAIL_API_KEY, from: env.MAIL_FROM, domain: env.MAILGUN_DOMAIN };
}

type Env = { Bindings: SendEmailBindings };

/** For your own services only: an open endpoint would be a spam relay within the day. */
const requireToken: MiddlewareHandler<Env> = async (c, next) => {
  const token = c.env.SEND_EMAIL_TOKEN;
  if (!token) return c.json({ error: 'SEND_EMAIL_TOKEN is not set' }, 503);
  const guard: MiddlewareHandler<Env> = bearerAuth({ token });
  return guard(c, next);
};

export const sendEmailRoute = new Hono<Env>();

sendEmailRoute.use(requireToken);

sendEmailRoute.post('/', async (c) => {
  const message = parseMessage(await c.req.json().catch(() => null));
  await deliver(message, accountFrom(c.env));
  return c.json({ accepted: message.to.length }, 202);
});

sendEmailRoute.onError((error, c) => {
  if (error instanceof HTTPException) return error.getResponse();
  if (error instanceof MessageError) return c.json({ error: error.message }, 400);
  console.error('send-email:', error);
  if (error instanceof DeliveryError && error.isTemporary) {
    return c.json({ error: 'the mail service is busy; try again' }, 503, { 'retry-after': '30' });
  }
  return c.json({ error: 'the mail could not be sent' }, 502);
});
