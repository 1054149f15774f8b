//! Access to request headers, independent of the type that holds them.

use std::collections::HashMap;

/// Read access to request headers.
///
/// Names are compared without regard to case. A name may appear several times. Values are bytes.
///
/// The trait is implemented for:
///
/// - slices, arrays and vectors of pairs of a name and a value;
/// - [`HashMap`];
/// - `http::HeaderMap`, with the feature `http`;
/// - `()`, which is the empty set of headers.
///
/// Implement it for the header type of your own framework.
///
/// ```
/// use vcp_auth::{Headers, Request};
/// let headers = [("X-Signature", "00")];
/// assert_eq!(headers.value("x-signature", 0), Some(b"00".as_slice()));
/// assert_eq!(().value("x-signature", 0), None);
/// let without_headers = Request::new(&(), b"{}");
/// assert_eq!(without_headers.body(), b"{}");
/// ```
pub trait Headers {
    /// Returns value number `nth` (from 0) of the header `name`, or `None` if it is absent.
    #[must_use]
    fn value(&self, name: &str, nth: usize) -> Option<&[u8]>;
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for [(N, V)] {
    fn value(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.iter().filter(|(n, _)| n.as_ref().eq_ignore_ascii_case(name)).nth(nth).map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>> Headers for Vec<(N, V)> {
    fn value(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.as_slice().value(name, nth)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, const LEN: usize> Headers for [(N, V); LEN] {
    fn value(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.as_slice().value(name, nth)
    }
}

impl<N: AsRef<str>, V: AsRef<[u8]>, S> Headers for HashMap<N, V, S> {
    /// Treats names that differ only in case as one header. The order of its values is unspecified.
    fn value(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.iter().filter(|(n, _)| n.as_ref().eq_ignore_ascii_case(name)).nth(nth).map(|(_, value)| value.as_ref())
    }
}

/// The empty set of headers.
impl Headers for () {
    fn value(&self, _name: &str, _nth: usize) -> Option<&[u8]> {
        None
    }
}

#[cfg(feature = "http")]
impl Headers for http::HeaderMap {
    fn value(&self, name: &str, nth: usize) -> Option<&[u8]> {
        self.get_all(name).iter().nth(nth).map(http::HeaderValue::as_bytes)
    }
}

impl<H: Headers + ?Sized> Headers for &H {
    fn value(&self, name: &str, nth: usize) -> Option<&[u8]> {
        (**self).value(name, nth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_case_and_repeated() {
        let headers = [("X-A", "1"), ("x-b", "2"), ("x-a", "3")];
        assert_eq!(headers.value("x-A", 0), Some(b"1".as_slice()));
        assert_eq!(headers.value("X-a", 1), Some(b"3".as_slice()));
        assert_eq!(headers.value("x-a", 2), None);
        assert_eq!(().value("x-a", 0), None);
        let map: HashMap<String, String> = [("X-A".to_owned(), "1".to_owned())].into();
        assert_eq!(map.value("x-a", 0), Some(b"1".as_slice()));
    }

    #[cfg(feature = "http")]
    #[test]
    fn headers_of_the_http_crate() {
        let mut map = http::HeaderMap::new();
        map.append("x-a", http::HeaderValue::from_static("1"));
        map.append("X-A", http::HeaderValue::from_bytes(b"\xff").unwrap());
        assert_eq!(map.value("X-a", 0), Some(b"1".as_slice()));
        assert_eq!(map.value("x-a", 1), Some(b"\xff".as_slice()));
        assert_eq!(map.value("x-a", 2), None);
        assert_eq!(map.value("no name", 0), None);
    }
}
