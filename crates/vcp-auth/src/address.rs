//! The addresses that deliveries may come from.

use crate::{AuthError, SigningFacts};
use ipnet::IpNet;
use std::net::IpAddr;

/// A list of IPv4 and IPv6 addresses and networks that deliveries may come from.
///
/// An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) equals the IPv4 address, both in
/// the list and in the request (`DECISIONS.md` 6.4).
///
/// Use a list in addition to a signature, never instead of a signature. A provider may share its
/// addresses with others, and may change them.
///
/// ```
/// use vcp_auth::AddressList;
/// let list = AddressList::new(["192.0.2.1", "198.51.100.0/24", "2001:db8::/32"])?;
/// assert!(list.contains("::ffff:198.51.100.7".parse()?));
/// assert!(!list.contains("192.0.2.2".parse()?));
/// let odd = AddressList::new(["198.51.100.1/24"]);
/// assert!(odd.is_err(), "a network with bits beyond its prefix is a slip");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AddressList {
    networks: Vec<IpNet>,
}

impl AddressList {
    /// Creates a list from addresses (`192.0.2.1`) and networks (`198.51.100.0/24`).
    ///
    /// # Errors
    ///
    /// `VCP_E210` if:
    ///
    /// - an entry is neither an address nor a network;
    /// - a network has bits beyond its prefix;
    /// - `entries` is empty.
    pub fn new(entries: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, AuthError> {
        let networks = entries.into_iter().map(|entry| network(entry.as_ref())).collect::<Option<Vec<_>>>();
        let networks = networks.ok_or(AuthError::Configuration {
            reason: "an entry of the address list is not an address or a network, or has bits beyond its prefix",
        })?;
        if networks.is_empty() {
            return Err(AuthError::Configuration { reason: "the address list is empty" });
        }
        Ok(Self { networks })
    }

    /// Returns the addresses that a provider publishes.
    ///
    /// `provider` is the provider's name in VCP, or an alias. Case is ignored. Returns `None` if
    /// the provider publishes no addresses, or is not listed by [`providers`](crate::providers()).
    ///
    /// Read [`SigningFacts::note`] first: Vapi sends from its addresses only if you ask it to.
    /// Providers change their addresses, so check their documentation too.
    #[must_use]
    pub fn published(provider: &str) -> Option<Self> {
        Self::new(SigningFacts::of(provider)?.addresses).ok()
    }

    /// Returns whether the list contains an address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// Parses a network. Returns `None` if the text is invalid.
///
/// A single address becomes a network that contains only this address. An IPv4 network that is
/// written as IPv6 becomes an IPv4 network.
fn network(text: &str) -> Option<IpNet> {
    /// The number of bits before the IPv4 address in an IPv6 address such as `::ffff:192.0.2.1`.
    const MAPPED: u8 = 96;
    let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
    // The standard library rejects leading zeros, which some parsers read as octal.
    let address: IpAddr = address.parse().ok()?;
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    let network = match prefix {
        Some(prefix) => IpNet::new(address, digits(prefix)?).ok()?,
        None => address.into(),
    };
    let address = network.addr().to_canonical();
    let prefix = match (network.addr(), address) {
        (IpAddr::V6(_), IpAddr::V4(_)) => network.prefix_len().checked_sub(MAPPED)?,
        _ => network.prefix_len(),
    };
    IpNet::new(address, prefix).ok().filter(|network| network.addr() == network.network())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_at_their_edges() {
        let list = AddressList::new(["10.1.2.0/23", "::ffff:192.0.2.0/120", "2001:db8::1", "0.0.0.0/32"]).unwrap();
        for (address, is_in) in [
            ("10.1.1.255", false),
            ("10.1.2.0", true),
            ("10.1.3.255", true),
            ("10.1.4.0", false),
            ("192.0.2.255", true),
            ("192.0.3.0", false),
            ("::ffff:192.0.2.9", true),
            ("::192.0.2.9", false),
            ("2001:db8::1", true),
            ("2001:db8::2", false),
            ("0.0.0.0", true),
            ("::", false),
        ] {
            assert_eq!(list.contains(address.parse().unwrap()), is_in, "{address}");
        }
        assert!(AddressList::new(["0.0.0.0/0"]).unwrap().contains("::ffff:1.2.3.4".parse().unwrap()));
        assert!(!AddressList::new(["::/0"]).unwrap().contains("1.2.3.4".parse().unwrap()));
    }

    #[test]
    fn slips_are_refused() {
        for entry in [
            "",
            "1.2.3",
            "1.2.3.4/33",
            "1.2.3.4/-1",
            "1.2.3.4/24",
            "::ffff:1.2.3.0/90",
            "example.com",
            " 1.2.3.4",
            "010.1.2.0/24",
            "1.2.3.0/+24",
            "fe80::1%1",
        ] {
            assert!(AddressList::new([entry]).is_err(), "{entry}");
        }
        assert!(AddressList::new([""; 0]).is_err());
    }

    #[test]
    fn every_published_list_can_be_read() {
        for facts in crate::providers() {
            let published = AddressList::published(&facts.name.to_uppercase());
            assert_eq!(published.is_some(), !facts.addresses.is_empty(), "{}", facts.name);
            assert_eq!(published, AddressList::new(facts.addresses).ok(), "{}", facts.name);
        }
        assert_eq!(AddressList::published("bland"), None);
        assert_eq!(AddressList::published("nobody"), None);
    }
}
