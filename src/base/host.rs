//! Hosts of addresses.

use std::net::Ipv4Addr;

/// True for a host of this machine: `localhost`, 127.0.0.0/8 or `[::1]`. Other notations of these addresses do not count.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host
            .parse::<Ipv4Addr>()
            .is_ok_and(|address| address.is_loopback())
}
