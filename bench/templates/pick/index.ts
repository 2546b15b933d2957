import { Hono } from "hono";
import { pick } from "./core";

export const fieldsRoute = new Hono();

/** Answers the body again with the asked fields only. */
fieldsRoute.post("/", async (context) => {
  const body = await context.req.json();
  return context.json(pick(body, context.req.query("fields") ?? ""));
});
