const UNITS: Record<string, number> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds of "90s", "1h 30m" or "2d"; null when it is none of these. */
export function parseDuration(text: string): number | null {
  const parts = [...text.trim().matchAll(/(\d+(?:\.\d+)?)\s*(ms|[smhd])\b/g)];
  if (parts.length === 0) {
    return null;
  }
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNITS[unit], 0);
}

/** The largest unit that leaves a whole number: 5400000 is "90m". */
export function formatDuration(milliseconds: number): string {
  const units = Object.entries(UNITS).reverse();
  const [unit, size] = units.find(([, size]) => milliseconds % size === 0) ?? units.at(-1)!;
  return `${milliseconds / size}${unit}`;
}
