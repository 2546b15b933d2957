/** One mail, three services: what each of them wants to be sent. No framework. */

export const PROVIDERS = ['resend', 'postmark', 'mailgun'] as const;
export type Provider = (typeof PROVIDERS)[number];

export type Message = {
  to: string[];
  subject: string;
  text: string;
  html?: string;
  replyTo?: string;
};

export type Account = {
  provider: Provider;
  apiKey: string;
  /** "Name <address>" or an address, verified at the service. */
  from: string;
  /** Mailgun only: the sending domain. */
  domain?: string;
};

/** A fault of the caller; its message is safe to show. */
export class MessageError extends Error {}

/** The mail service refused or did not answer. */
export class DeliveryError extends Error {
  constructor(
    message: string,
    /** Whether trying again later can help. */
    readonly isTemporary: boolean,
  ) {
    super(message);
  }
}

const MAX_RECIPIENTS = 50;
const MAX_BODY_LENGTH = 500_000;

/** Check an unknown value and give back a message. Throws MessageError naming the field. */
export function parseMessage(value: unknown): Message {
  const { to, subject, text, html, replyTo } = (value ?? {}) as Record<string, unknown>;
  const recipients = Array.isArray(to) ? to : [to];
  if (recipients.length === 0 || recipients.length > MAX_RECIPIENTS) {
    throw new MessageError(`to must name 1 to ${MAX_RECIPIENTS} addresses`);
  }
  // A line break in a subject would start a header of the sender's own choice.
  if (typeof subject !== 'string' || !/^[^\r\n]{1,250}$/.test(subject)) {
    throw new MessageError('subject must be one line of 1 to 250 characters');
  }
  return {
    to: recipients.map((address, index) => parseAddress(`to[${index}]`, address)),
    subject,
    text: parseBody('text', text),
    html: html === undefined ? undefined : parseBody('html', html),
    replyTo: replyTo === undefined ? undefined : parseAddress('replyTo', replyTo),
  };
}

function parseAddress(field: string, value: unknown): string {
  if (
    typeof value !== 'string' ||
    value.length > 254 ||
    !/^[^\s@<>,;"]+@[^\s@<>,;"]+$/.test(value)
  ) {
    throw new MessageError(`${field} is not a plain e-mail address`);
  }
  return value;
}

function parseBody(field: string, value: unknown): string {
  if (typeof value !== 'string' || !value.trim() || value.length > MAX_BODY_LENGTH) {
    throw new MessageError(`${field} must be 1 to ${MAX_BODY_LENGTH} characters of text`);
  }
  return value;
}

export function isProvider(name: string): name is Provider {
  return (PROVIDERS as readonly string[]).includes(name);
}

/** The HTTP request that makes `account`'s service send `message`. */
export function buildRequest(message: Message, account: Account): Request {
  switch (account.provider) {
    case 'resend':
      return jsonRequest(
        'https://api.resend.com/emails',
        { authorization: `Bearer ${account.apiKey}` },
        { from: account.from, reply_to: message.replyTo, ...pick(message) },
      );
    case 'postmark':
      return jsonRequest(
        'https://api.postmarkapp.com/email',
        { 'x-postmark-server-token': account.apiKey },
        {
          From: account.from,
          To: message.to.join(', '),
          Subject: message.subject,
          TextBody: message.text,
          HtmlBody: message.html,
          ReplyTo: message.replyTo,
        },
      );
    case 'mailgun':
      return mailgunRequest(message, account);
  }
}

function pick({ to, subject, text, html }: Message) {
  return { to, subject, text, html };
}

function jsonRequest(url: string, headers: Record<string, string>, body: unknown): Request {
  return new Request(url, {
    method: 'POST',
    headers: { ...headers, accept: 'application/json', 'content-type': 'application/json' },
    body: JSON.stringify(body), // leaves out what is undefined
  });
}

function mailgunRequest(message: Message, account: Account): Request {
  if (!account.domain) throw new Error('Mailgun needs a sending domain');
  const form = new URLSearchParams({
    from: account.from,
    subject: message.subject,
    text: message.text,
  });
  for (const address of message.to) form.append('to', address);
  if (message.html) form.set('html', message.html);
  if (message.replyTo) form.set('h:Reply-To', message.replyTo);
  return new Request(`https://api.mailgun.net/v3/${encodeURIComponent(account.domain)}/messages`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`api:${account.apiKey}`)}` },
    body: form,
  });
}

/** Send it. Throws DeliveryError with the service's own words, for your log. */
export async function deliver(message: Message, account: Account): Promise<void> {
  const request = buildRequest(message, account);
  let response: Response;
  try {
    response = await fetch(request, { signal: AbortSignal.timeout(15_000) });
  } catch (error) {
    throw new DeliveryError(`${account.provider} did not answer: ${String(error)}`, true);
  }
  if (!response.ok) {
    const reason = (await response.text()).slice(0, 500);
    const isTemporary = response.status === 429 || response.status >= 500;
    throw new DeliveryError(
      `${account.provider} answered ${response.status}: ${reason}`,
      isTemporary,
    );
  }
  await response.body?.cancel();
}
