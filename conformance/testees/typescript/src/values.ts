/** Reads and writes timestamps and numbers (READING.md, sections 6 and 9). */

const TIMESTAMP = new RegExp(
  "^([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})" +
    "(?:\\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})?$",
);

/** Ignores the case of ASCII letters, and of no others. */
export function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

export interface Timestamp {
  /** The instant in milliseconds since 1970, without the fraction of the second. */
  readonly wholeSeconds: number;
  /** The digits of the fraction, from none to nine. */
  readonly fraction: string;
  /** The offset as it is spelled, or nothing. */
  readonly offset: string;
}

/** Reads a timestamp (decision 1.4), or gives nothing. */
export function timestampOf(text: string): Timestamp | undefined {
  const parts = TIMESTAMP.exec(text);
  if (parts === null) {
    return undefined;
  }
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as [
    number, number, number, number, number, number,
  ];
  const offset = parts[8] ?? "";
  const minutes = offsetMinutes(offset);
  if (minutes === undefined || year < 1 || hour > 23 || minute > 59 || second > 59) {
    return undefined;
  }
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) {
    return undefined;
  }
  const wholeSeconds = date.setUTCHours(hour, minute - minutes, second);
  return { wholeSeconds, fraction: parts[7] ?? "", offset };
}

/** Reads an offset, or gives nothing if it is out of range. */
function offsetMinutes(offset: string): number | undefined {
  if (offset.length < 2) {
    return 0;
  }
  const hours = Number(offset.slice(1, 3));
  const minutes = Number(offset.slice(4));
  const sign = offset.startsWith("-") ? -1 : 1;
  return hours <= 23 && minutes <= 59 ? sign * (hours * 60 + minutes) : undefined;
}

/** Writes an instant in UTC, or gives nothing if its year is outside 1 to 9999. */
export function writeInstant(wholeSeconds: number, fraction: string): string | undefined {
  const written = new Date(wholeSeconds).toISOString();
  if (!/^[0-9]{4}-/.test(written) || written.startsWith("0000")) {
    return undefined;
  }
  return `${written.slice(0, 19)}${fraction === "" ? "" : `.${fraction}`}Z`;
}

/** Holds the exact value of a number: its digits without outer zeros, times 10^exponent. */
export interface Decimal {
  readonly negative: boolean;
  readonly digits: string;
  readonly exponent: bigint;
}

/** Reads the exact value of a JSON number. Zero has no digits and no sign. */
export function decimalOf(text: string): Decimal {
  const [mantissa = "", exponent = "0"] = text.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const all = whole + fraction;
  let first = 0;
  let end = all.length;
  while (all[first] === "0") {
    first += 1;
  }
  while (end > first && all[end - 1] === "0") {
    end -= 1;
  }
  if (first === end) {
    return { negative: false, digits: "", exponent: 0n };
  }
  return {
    negative: mantissa.startsWith("-"),
    digits: all.slice(first, end),
    exponent: BigInt(exponent.replace("+", "")) + BigInt(all.length - end - fraction.length),
  };
}

/** Reads an integer of 64 bits, or gives nothing. */
export function integerOf(text: string): bigint | undefined {
  const { negative, digits, exponent } = decimalOf(text);
  if (exponent < 0n || BigInt(digits.length) + exponent > 19n) {
    return undefined;
  }
  const size = BigInt(digits + "0".repeat(Number(exponent)));
  const value = negative ? -size : size;
  return value === BigInt.asIntN(64, value) ? value : undefined;
}

/** Reads a float. `-0` is 0 and `-0.0` is -0 (decision 1.5). */
export function floatOf(text: string): number {
  return text === "-0" ? 0 : Number(text);
}

/** Holds the shortest digits of a double. The first stands for 10^`exponent`. */
interface Digits {
  readonly sign: string;
  readonly digits: string;
  readonly exponent: number;
}

/** Finds the shortest digits that read back as the same double (decision 1.5). */
function shortest(value: number): Digits {
  const [mantissa = "", exponent = ""] = Math.abs(value).toExponential().split("e");
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  return { sign, digits: mantissa.replace(".", ""), exponent: Number(exponent) };
}

/** Writes digits without an exponent, with at least one digit after the point. */
function withPoint({ sign, digits, exponent }: Digits): string {
  const padded = "0".repeat(Math.max(0, -exponent)) + digits.padEnd(exponent + 2, "0");
  const point = Math.max(0, exponent) + 1;
  return `${sign}${padded.slice(0, point)}.${padded.slice(point)}`;
}

/** Writes digits with an exponent of at least `width` digits. */
function withExponent({ sign, digits, exponent }: Digits, width: number): string {
  const point = digits.length > 1 ? "." : "";
  const size = String(Math.abs(exponent)).padStart(width, "0");
  return `${sign}${digits[0]}${point}${digits.slice(1)}e${exponent < 0 ? "-" : "+"}${size}`;
}

/** Writes a float of a message (READING.md, section 9). */
export function writeFloat(value: number): string {
  const parts = shortest(value);
  return parts.exponent >= -5 && parts.exponent <= 15 ? withPoint(parts) : withExponent(parts, 1);
}

/** Writes a double as the `repr` of Python does (CHECKSUMS.md, 1.4). */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) {
    return value > 0 ? "Infinity" : "-Infinity";
  }
  const parts = shortest(value);
  return parts.exponent >= -4 && parts.exponent <= 15 ? withPoint(parts) : withExponent(parts, 2);
}
