/** Compares addresses with a list of networks (SIGNATURES.md, section 7). */

import { isIPv4, isIPv6 } from "node:net";

/** Holds a network. An address is a network of one address. */
export interface Network {
  readonly bits: 32 | 128;
  readonly value: bigint;
  readonly prefix: number;
}

/** The first 96 bits of an IPv4 address that is written in IPv6. */
const MAPPED = 0xffffn;

/** Reads an address. An IPv4-mapped one is its IPv4 address. */
export function addressOf(text: string): Network | undefined {
  return networkOf(text.includes("/") ? "" : text);
}

/** Reads an entry of `allow_from`, or gives nothing if it breaks a rule. */
export function networkOf(entry: string): Network | undefined {
  const [address = "", prefixText, ...more] = entry.split("/");
  const written = writtenAddress(address);
  if (written === undefined || more.length > 0) {
    return undefined;
  }
  const prefix = prefixText === undefined ? written.bits : prefixOf(prefixText);
  if (prefix === undefined || prefix > written.bits) {
    return undefined;
  }
  const network = unmapped({ ...written, prefix });
  return network !== undefined && hostBits(network) === 0n ? network : undefined;
}

/** Tells whether a network contains an address. */
export function contains(network: Network, address: Network): boolean {
  const shift = BigInt(network.bits - network.prefix);
  return network.bits === address.bits && network.value >> shift === address.value >> shift;
}

/** Reads a prefix, or gives nothing. */
function prefixOf(text: string): number | undefined {
  return /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** Gives the bits beyond the prefix. */
function hostBits({ bits, value, prefix }: Network): bigint {
  return BigInt.asUintN(bits - prefix, value);
}

/** Turns an IPv4-mapped network into its IPv4 network, which needs a prefix of at least 96. */
function unmapped(network: Network): Network | undefined {
  if (network.bits === 32 || network.value >> 32n !== MAPPED) {
    return network;
  }
  const prefix = network.prefix - 96;
  return prefix < 0 ? undefined : { bits: 32, value: BigInt.asUintN(32, network.value), prefix };
}

/** Reads an address of either kind, or gives nothing. */
function writtenAddress(text: string): { bits: 32 | 128; value: bigint } | undefined {
  if (isIPv4(text)) {
    return { bits: 32, value: joined(text.split(".").map(Number), 8) };
  }
  if (isIPv6(text) && !text.includes("%")) {
    return { bits: 128, value: joined(groupsOf(text), 16) };
  }
  return undefined;
}

/** Gives the eight groups of an IPv6 address. */
function groupsOf(text: string): number[] {
  const [head = [], tail = []] = text.split("::").map(writtenGroups);
  return [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** Gives the groups that are written. An IPv4 address at the end is two groups. */
function writtenGroups(text: string): number[] {
  return text
    .split(":")
    .filter((group) => group !== "")
    .flatMap((group) => {
      const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number);
      return group.includes(".") ? [a * 256 + b, c * 256 + d] : [Number.parseInt(group, 16)];
    });
}

/** Joins groups of bits into one number. */
function joined(groups: readonly number[], bits: number): bigint {
  return groups.reduce((value, group) => (value << BigInt(bits)) | BigInt(group), 0n);
}
