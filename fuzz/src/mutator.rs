//! A mutator that changes a value of a JSON text. Mutations of bytes seldom get past the parser.

use serde_json::Value;
use std::ops::Range;

/// The values that replace others.
const ODD: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "0.5",
    "1e400",
    "1e-400",
    "9223372036854775808",
    "1700000000000",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"true\"",
    "\"2026-02-30T25:61:00Z\"",
    "\"2026-11-21T12:00:00Z\"",
    "\"+15550100\"",
    "\"\\u2028Agent: x\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[[]]",
    "[{}]",
    "[null]",
    "{\"\":{}}",
    "{\"password\":\"x\"}",
];

/// A sequence of numbers that follows from a seed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % limit.max(1)
    }
}

/// Stands for an odd value until the text is written: a `Value` holds no `1e400` or lone surrogate.
const MARK: &str = "<odd>";

/// Changes one value of the JSON text behind the first `prefix` bytes. Returns the new length.
///
/// Returns `None` if the bytes are no JSON or the result is too long. Then change bytes instead.
pub fn mutate_json(data: &mut [u8], size: usize, prefix: usize, seed: u32) -> Option<usize> {
    let mut random = Random(u64::from(seed) << 1 | 1);
    if random.below(4) == 0 {
        return None;
    }
    replace(data, size, prefix..size, &mut random)
}

/// Changes one of the JSON texts that are behind the first `prefix` bytes, with a byte between
/// them. Now and then removes or repeats one. Returns the new length, or `None` as
/// [`mutate_json`] does.
pub fn mutate_parts(data: &mut [u8], size: usize, prefix: usize, between: u8, seed: u32) -> Option<usize> {
    let mut random = Random(u64::from(seed) << 1 | 1);
    let action = random.below(8);
    if action < 2 {
        return None;
    }
    let rest = data.get(prefix..size)?;
    let ends: Vec<usize> = (0..rest.len()).filter(|at| rest[*at] == between).chain([rest.len()]).collect();
    let chosen = random.below(ends.len());
    let start = if chosen == 0 { 0 } else { ends[chosen - 1] + 1 };
    let part = prefix + start..prefix + ends[chosen];
    match action {
        2 => {
            let mut again = data[part.clone()].to_vec();
            again.push(between);
            splice(data, size, part.start..part.start, &again)
        }
        3 if chosen + 1 < ends.len() => splice(data, size, part.start..part.end + 1, b""),
        _ => replace(data, size, part, &mut random),
    }
}

/// Puts bytes in the place of a part of the first `size` bytes. Returns the new size, if there is
/// room.
fn splice(data: &mut [u8], size: usize, part: Range<usize>, new: &[u8]) -> Option<usize> {
    let tail = data.get(part.end..size)?.to_vec();
    let end = part.start + new.len();
    data.get_mut(end..end + tail.len())?.copy_from_slice(&tail);
    data[part.start..end].copy_from_slice(new);
    Some(end + tail.len())
}

/// Changes one value of the JSON text in a part of the data. Returns the new size.
fn replace(data: &mut [u8], size: usize, part: Range<usize>, random: &mut Random) -> Option<usize> {
    let mut value: Value = serde_json::from_slice(data.get(part.clone())?).ok()?;
    let count = count(&value);
    let other = nth(&mut value, &mut random.below(count)).map(|value| value.clone());
    let action = random.below(7);
    let target = nth(&mut value, &mut random.below(count))?;
    match (action, &mut *target) {
        (0 | 1, target) => *target = Value::String(MARK.to_owned()),
        (2, target) => *target = other.unwrap_or_default(),
        (3, Value::Array(list)) if !list.is_empty() => {
            let again = list[random.below(list.len())].clone();
            let at = random.below(list.len() + 1);
            list.insert(at, again);
        }
        (3, Value::Object(members)) => {
            let name = members.keys().nth(random.below(members.len())).cloned().unwrap_or_default();
            let removed = members.remove(&name).unwrap_or_default();
            members.insert(name + "_x", removed);
        }
        (4, Value::Array(list)) if !list.is_empty() => _ = list.remove(random.below(list.len())),
        (4, Value::Object(members)) => {
            let name = members.keys().nth(random.below(members.len())).cloned().unwrap_or_default();
            members.remove(&name);
        }
        (5, Value::String(text)) => *text = text.repeat(2),
        (5, Value::Number(number)) => *target = Value::String(number.to_string()),
        (_, target) => *target = Value::Array(vec![target.clone(), target.clone()]),
    }
    let odd = ODD[random.below(ODD.len())];
    let text = serde_json::to_string(&value).ok()?.replacen(&format!("\"{MARK}\""), odd, 1);
    splice(data, size, part, text.as_bytes())
}

/// Returns the number of values in a value, with itself.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(list) => list.iter().map(count).sum(),
        Value::Object(members) => members.values().map(count).sum(),
        _ => 0,
    }
}

/// Returns the value with a number, counted as they are written.
fn nth<'v>(value: &'v mut Value, number: &mut usize) -> Option<&'v mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| nth(value, number)),
        Value::Object(members) => members.values_mut().find_map(|value| nth(value, number)),
        _ => None,
    }
}
