/** `value`, or the nearer end of the range that it lies outside of. */
export function clamp(value: number, lowest: number, highest: number): number {
  if (lowest > highest) {
    throw new RangeError(`${lowest} is above ${highest}`);
  }
  return Math.min(Math.max(value, lowest), highest);
}
