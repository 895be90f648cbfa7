//! Hosts of addresses, read as the URL standard reads them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use url::Host;

/// A group of hosts that an address may name only with the permission of the operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostGroup {
    Loopback,
    LinkLocal,
    Unspecified,
    /// A service of a cloud that gives credentials to its machines.
    Metadata,
}

/// The host in the form of the URL standard: `0x7f.1` is `127.0.0.1`, `LOCALHOST.` is `localhost`.
///
/// Source: <https://url.spec.whatwg.org/#host-parsing>
pub fn canonical(host: &str) -> Option<Host> {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    if let Ok(address) = inner.unwrap_or(host).parse::<Ipv6Addr>() {
        return Some(Host::Ipv6(address));
    }
    match Host::parse(host).ok()? {
        Host::Domain(name) => Some(Host::Domain(name.trim_end_matches('.').to_owned())),
        address => Some(address),
    }
}

/// The group of a host; none for all other hosts, those of private networks included.
pub fn group(host: &str) -> Option<HostGroup> {
    match canonical(host)? {
        Host::Domain(name) => group_of_name(&name),
        Host::Ipv4(address) => group_of_v4(address),
        Host::Ipv6(address) => group_of_v6(address),
    }
}

/// True for a host of this machine.
pub fn is_loopback(host: &str) -> bool {
    group(host) == Some(HostGroup::Loopback)
}

fn group_of_name(name: &str) -> Option<HostGroup> {
    const LOOPBACK: [&str; 4] = [
        "localhost",
        "localhost.localdomain",
        "ip6-localhost",
        "ip6-loopback",
    ];
    const METADATA: [&str; 5] = [
        "instance-data",
        "instance-data.ec2.internal",
        "metadata",
        "metadata.goog",
        "metadata.google.internal",
    ];
    if LOOPBACK.contains(&name) || name.ends_with(".localhost") {
        return Some(HostGroup::Loopback);
    }
    METADATA.contains(&name).then_some(HostGroup::Metadata)
}

/// Source: <https://www.iana.org/assignments/iana-ipv4-special-registry>
fn group_of_v4(address: Ipv4Addr) -> Option<HostGroup> {
    match address.octets() {
        [169, 254, 169, 254] | [100, 100, 100, 200] | [168, 63, 129, 16] | [192, 0, 0, 192] => {
            Some(HostGroup::Metadata)
        }
        [0, ..] => Some(HostGroup::Unspecified),
        [127, ..] => Some(HostGroup::Loopback),
        [169, 254, ..] => Some(HostGroup::LinkLocal),
        _ => None,
    }
}

/// Source: <https://www.iana.org/assignments/iana-ipv6-special-registry>
fn group_of_v6(address: Ipv6Addr) -> Option<HostGroup> {
    let v4 =
        |high: u16, low: u16| group_of_v4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => Some(HostGroup::Unspecified),
        [0, 0, 0, 0, 0, 0, 0, 1] => Some(HostGroup::Loopback),
        [0xfd00, 0x0ec2, 0, 0, 0, 0, 0, 0x254] | [0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254] => {
            Some(HostGroup::Metadata)
        }
        // IPv4-mapped, IPv4-compatible, IPv4-translated, NAT64 and 6to4.
        [0, 0, 0, 0, 0, 0xffff | 0, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => v4(high, low),
        [first, ..] if first & 0xffc0 == 0xfe80 => Some(HostGroup::LinkLocal),
        _ => None,
    }
}

impl fmt::Display for HostGroup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Loopback => "an address of this machine",
            Self::LinkLocal => "a link-local address",
            Self::Unspecified => "an unspecified address",
            Self::Metadata => "the metadata service of a cloud",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_notation_of_a_special_host_is_recognised() {
        use HostGroup::{LinkLocal, Loopback, Metadata, Unspecified};
        for (host, expected) in [
            ("127.0.0.1", Loopback),
            ("127.1", Loopback),
            ("127.0.1", Loopback),
            ("0x7f000001", Loopback),
            ("0X7F.1", Loopback),
            ("0177.0.0.1", Loopback),
            ("2130706433", Loopback),
            ("127.255.255.254", Loopback),
            ("127.0.0.1.", Loopback),
            ("%31%32%37.0.0.1", Loopback),
            ("\u{ff11}\u{ff12}\u{ff17}.0.0.1", Loopback),
            (
                "\u{2460}\u{2461}\u{2466}.\u{24ea}.\u{24ea}.\u{2460}",
                Loopback,
            ),
            ("127\u{3002}0\u{3002}0\u{3002}1", Loopback),
            ("localhost", Loopback),
            ("LocalHost.", Loopback),
            ("a.b.localhost", Loopback),
            ("[::1]", Loopback),
            ("::1", Loopback),
            ("[0:0:0:0:0:0:0:1]", Loopback),
            ("[::ffff:127.0.0.1]", Loopback),
            ("[::ffff:7f00:1]", Loopback),
            ("[::127.0.0.1]", Loopback),
            ("[64:ff9b::7f00:1]", Loopback),
            ("[2002:7f00:1::]", Loopback),
            ("0", Unspecified),
            ("0.0.0.0", Unspecified),
            ("0x0", Unspecified),
            ("[::]", Unspecified),
            ("[::ffff:0.0.0.0]", Unspecified),
            ("169.254.0.1", LinkLocal),
            ("[fe80::1]", LinkLocal),
            ("[FEBF::1]", LinkLocal),
            ("169.254.169.254", Metadata),
            ("0xa9fea9fe", Metadata),
            ("2852039166", Metadata),
            ("[::ffff:169.254.169.254]", Metadata),
            ("[fd00:ec2::254]", Metadata),
            ("Metadata.Google.Internal.", Metadata),
        ] {
            assert_eq!(group(host), Some(expected), "{host}");
        }
    }

    #[test]
    fn private_and_public_hosts_are_in_no_group() {
        for host in [
            "10.0.0.1",
            "192.168.1.1",
            "172.16.0.1",
            "100.64.0.1",
            "[fd00::1]",
            "[fec0::1]",
            "[::ffff:10.0.0.1]",
            "forge.lan",
            "git.example.org",
            "localhost.example.org",
            "notlocalhost",
            "127.0.0.1.example.org",
            "128.0.0.1",
            "[2001:db8::1]",
            "",
            "[",
        ] {
            assert_eq!(group(host), None, "{host}");
        }
    }

    proptest! {
        #[test]
        fn an_address_has_the_group_of_its_plain_form(number: u32, loopback: bool) {
            let number = if loopback { number >> 8 | 0x7f00_0000 } else { number };
            let plain = Ipv4Addr::from(number);
            let [a, b, c, d] = plain.octets();
            let expected = group_of_v4(plain);
            for host in [
                plain.to_string(),
                format!("{number}"),
                format!("{number:#x}"),
                format!("0{number:o}"),
                format!("{a:#x}.{b:#o}.{c}.{d}", ).replace("0o", "0"),
                format!("{a}.{}", number & 0x00ff_ffff),
                format!("{a}.{b}.{}", number & 0xffff),
                format!("{plain}."),
                format!("[::ffff:{plain}]"),
            ] {
                // `::ffff:0:0/96` and others name IPv4 addresses; two words of IPv6 are addresses of their own.
                prop_assert_eq!(group(&host), expected, "{}", host);
            }
        }
    }
}
