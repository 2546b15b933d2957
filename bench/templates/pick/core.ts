export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** The fields of `value` that `wanted` names, as "id,owner.name" does. */
export function pick(value: Json, wanted: string): Json {
  if (Array.isArray(value)) {
    return value.map((item) => pick(item, wanted));
  }
  if (value === null || typeof value !== "object") {
    return value;
  }
  const picked: { [key: string]: Json } = {};
  for (const path of wanted.split(",")) {
    const [head, ...rest] = path.trim().split(".");
    if (head in value) {
      picked[head] = rest.length ? pick(value[head], rest.join(".")) : value[head];
    }
  }
  return picked;
}
