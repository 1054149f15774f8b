//! The trace id of a request, by which its delivery is found in the logs of other programs.

use axum::http::HeaderMap;

/// Returns the trace id that the header `traceparent` names (W3C Trace Context): 32 lower-case
/// hexadecimal digits.
///
/// Returns `None` without the header, if it is malformed, or if there are several. The header is
/// not signed, so anybody who can send a delivery chooses the id.
///
/// ```
/// use axum::http::HeaderMap;
/// let mut headers = HeaderMap::new();
/// let value = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
/// headers.insert("traceparent", value.parse()?);
/// assert_eq!(vcp_axum::trace_id(&headers), Some("4bf92f3577b34da6a3ce929d0e0e4736"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn trace_id(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all("traceparent").iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let mut fields = value.to_str().ok()?.split('-');
    let (version, trace, parent, flags) = (fields.next()?, fields.next()?, fields.next()?, fields.next()?);
    let is_hex =
        |text: &str, length| text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let is_id = |text: &str, length| is_hex(text, length) && text.bytes().any(|byte| byte != b'0');
    let is_good = is_hex(version, 2) && version != "ff" && is_id(trace, 32) && is_id(parent, 16) && is_hex(flags, 2);
    // Later versions may have further fields. Version 00 has none.
    (is_good && (version != "00" || fields.next().is_none())).then_some(trace)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn of(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("traceparent", value.parse().unwrap());
        }
        trace_id(&headers).map(str::to_owned)
    }

    #[test]
    fn a_trace_id_is_read_or_ignored() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let good = format!("00-{trace}-00f067aa0ba902b7-01");
        assert_eq!(of(&[&good]).as_deref(), Some(trace));
        assert_eq!(of(&[&good.replacen("00", "01", 1).replace("b7-01", "b7-01-more")]).as_deref(), Some(trace));
        for bad in [
            "".to_owned(),
            trace.to_owned(),
            good.to_uppercase(),
            format!("{good}-more"),
            good.replacen("00", "ff", 1),
            good.replace(trace, &"0".repeat(32)),
            good.replace("00f067aa0ba902b7", &"0".repeat(16)),
            good.replace(trace, "4bf9\t"),
        ] {
            assert_eq!(of(&[&bad]), None, "{bad}");
        }
        assert_eq!(of(&[&good, &good]), None);
        assert_eq!(of(&[]), None);
    }
}
