import type { Context } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { read, sign } from "./core";

const OPTIONS = { httpOnly: true, secure: true, sameSite: "Lax", path: "/" } as const;

/** How often this browser was here, this time included. */
export async function countVisit(context: Context, secret: string): Promise<number> {
  const kept = await read(getCookie(context, "visits") ?? "", secret);
  const visits = Number(kept ?? 0) + 1;
  setCookie(context, "visits", await sign(String(visits), secret), OPTIONS);
  return visits;
}
