export { accountFrom, sendEmailRoute } from './adapter';
export type { SendEmailBindings } from './adapter';
export { buildRequest, deliver, DeliveryError, MessageError, parseMessage } from './core';
export type { Account, Message, Provider } from './core';
