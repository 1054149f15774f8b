//! Comparison of two JSON documents by content.

use super::tree::{List, Members, Node};
use crate::{
    Decimal, Limits, Timestamp,
    json::{
        string,
        tokens::{TokenKind, Tokens},
    },
};
use std::{borrow::Cow, collections::HashMap};

/// Returns whether two values have the same content. Numbers are compared by value. The order of
/// members does not matter. Timestamps may differ in `T` or a space.
pub(super) fn same(a: &mut Node<'_>, b: &mut Node<'_>) -> bool {
    same_below(a, b, 0)
}

/// Compares two values at a depth. Values beyond the limit on depth are compared as text, so that
/// hostile input cannot overflow the stack (`DECISIONS.md` 4.7).
fn same_below(a: &mut Node<'_>, b: &mut Node<'_>, depth: usize) -> bool {
    if let (Node::Raw(a, _), Node::Raw(b, _)) = (&*a, &*b) {
        if a == b {
            return true;
        }
        if !is_container(a) || !is_container(b) {
            return same_scalar(a, b);
        }
        if depth > Limits::default().depth {
            return same_tokens(a, b);
        }
    }
    if a.is_object() != b.is_object() {
        return false;
    }
    let depth = depth + 1;
    if let (Some(a), Some(b)) = (a.open(), b.open()) {
        if a.len() != b.len() {
            return false;
        }
        let partners = partners(a, b);
        return a.iter_mut().zip(partners).all(|((_, a), partner)| {
            partner.and_then(|at| b.get_mut(at)).is_some_and(|(_, b)| same_below(a, b, depth))
        });
    }
    match (a.open_list(), b.open_list()) {
        (Some(a), Some(b)) => a.len() == b.len() && a.iter_mut().zip(b).all(|(a, b)| same_below(a, b, depth)),
        // Too large to be opened.
        _ => same_tokens(a.json(), b.json()),
    }
}

/// Returns for each member of `a` the index of the member of `b` with the same name. If a name
/// appears several times, the first pairs with the first. The time is linear for large objects.
pub(super) fn partners<'t>(a: &Members<'t>, b: &Members<'_>) -> List<'t, Option<usize>> {
    const FEW: usize = 16;
    let mut partners = List::with_capacity_in(a.len(), a.bump());
    if b.len() <= FEW {
        let mut is_taken = [false; FEW];
        // Most members are in the same order in both.
        let mut next = 0;
        partners.extend(a.iter().map(|(name, _)| {
            let is_partner =
                |at: &usize| is_taken.get(*at) == Some(&false) && b.get(*at).is_some_and(|(other, _)| other.same(name));
            let at = (next..b.len()).chain(0..next).find(is_partner)?;
            if let Some(taken) = is_taken.get_mut(at) {
                *taken = true;
            }
            next = at + 1;
            Some(at)
        }));
        return partners;
    }
    // The first place of each name, and for each place the next one of the same name.
    let mut first: HashMap<Cow<'_, str>, usize> = HashMap::with_capacity(b.len());
    let mut next = vec![usize::MAX; b.len()];
    for ((at, (name, _)), next) in b.iter().enumerate().zip(&mut next).rev() {
        *next = first.insert(name.key(), at).unwrap_or(usize::MAX);
    }
    partners.extend(a.iter().map(|(name, _)| {
        let place = first.get_mut(&name.key())?;
        let at = *place;
        *place = *next.get(at)?;
        Some(at)
    }));
    partners
}

fn is_container(text: &str) -> bool {
    text.starts_with(['{', '['])
}

/// Returns whether two texts differ only in white space between tokens.
pub(super) fn same_tokens(a: &str, b: &str) -> bool {
    let tokens = |text| Tokens::new(text).filter(|token| token.kind != TokenKind::Space);
    tokens(a).eq(tokens(b))
}

fn same_scalar(a: &str, b: &str) -> bool {
    if a.starts_with('"') && b.starts_with('"') {
        let (Some(a), Some(b)) = (string::decode(a), string::decode(b)) else { return false };
        let time = |text: &str| text.parse::<Timestamp>().ok();
        return a == b || (a.len() == b.len() && time(&a).is_some_and(|time_a| time(&b) == Some(time_a)));
    }
    match (a.parse::<Decimal>(), b.parse::<Decimal>()) {
        (Ok(a), Ok(b)) => a == b,
        _ => a == b,
    }
}
