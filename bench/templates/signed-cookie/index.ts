import { Hono } from "hono";
import { countVisit } from "./adapter";

type Env = { Bindings: { COOKIE_SECRET: string } };

export const visitRoute = new Hono<Env>();

visitRoute.get("/", async (context) => {
  return context.json({ visits: await countVisit(context, context.env.COOKIE_SECRET) });
});
