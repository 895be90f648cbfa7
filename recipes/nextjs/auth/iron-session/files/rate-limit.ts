const window = 15 * 60 * 1000;
const maximum = 10;
/** A limit for the memory of the process. */
const maximumKeys = 10_000;

/** The times of failed attempts in milliseconds, oldest first, by key. */
const failures = new Map<string, number[]>();

function recent(key: string, now: number): number[] {
  return (failures.get(key) ?? []).filter((time) => now - time < window);
}

/** True if a key, such as an address, has had ten failed attempts within 15 minutes. */
export function isBlocked(key: string, now = Date.now()): boolean {
  return recent(key, now).length >= maximum;
}

/** Counts a failed attempt. */
export function recordFailure(key: string, now = Date.now()): void {
  const times = [...recent(key, now), now];
  failures.delete(key);
  failures.set(key, times);
  // A map has the order of insertion: this key is the oldest one.
  const [oldest] = failures.keys();
  if (failures.size > maximumKeys && oldest !== undefined) {
    failures.delete(oldest);
  }
}

/** Forgets the failed attempts after a success. */
export function forgetFailures(key: string): void {
  failures.delete(key);
}
