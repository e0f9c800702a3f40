//! The egress policy: which addresses requests may connect to. Addresses that are not public belong to a private
//! network, possibly our own.

use std::error::Error;
use std::future::Future;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use thiserror::Error;
use tower::Service;

type BoxError = Box<dyn Error + Send + Sync>;

/// An egress policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EgressPolicy {
    Anywhere,
    PublicAddresses,
}

/// The error for a name that resolves to no public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the name stands for no public address")]
pub(crate) struct NoPublicAddress;

/// A DNS resolver that returns only the addresses that the policy allows.
///
/// Wraps the system's resolver. The client connects to the returned addresses, so a second DNS answer cannot redirect
/// it.
#[derive(Clone)]
pub(crate) struct Resolver<System = GaiResolver> {
    system: System,
    reach: EgressPolicy,
}

impl Resolver {
    pub(crate) fn new(reach: EgressPolicy) -> Self {
        Self { system: GaiResolver::new(), reach }
    }
}

impl<System> Service<Name> for Resolver<System>
where
    System: Service<Name, Response: Iterator<Item = SocketAddr>, Error: Into<BoxError>, Future: Send + 'static>,
{
    type Response = vec::IntoIter<SocketAddr>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.system.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (looked_up, reach) = (self.system.call(name), self.reach);
        Box::pin(async move {
            let found = looked_up.await.map_err(Into::into)?;
            let allowed: Vec<_> = found.filter(|address| reach.allows(address.ip())).collect();
            if allowed.is_empty() { Err(NoPublicAddress.into()) } else { Ok(allowed.into_iter()) }
        })
    }
}

impl EgressPolicy {
    fn allows(self, address: IpAddr) -> bool {
        self == Self::Anywhere || is_public_address(address)
    }

    /// Returns whether a host may be requested. An IP address is checked here, because it is not resolved. Names are
    /// checked when they are resolved.
    pub(crate) fn allows_host(self, host: &str) -> bool {
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        literal.is_err() || literal.is_ok_and(|address| self.allows(address))
    }
}

/// Returns whether a name resolves to a public address now. Returns `None` if it cannot be resolved at the moment.
pub async fn is_public(name: &str) -> Option<bool> {
    let name = name.parse().ok()?;
    match Resolver::new(EgressPolicy::PublicAddresses).call(name).await {
        Ok(_) => Some(true),
        Err(error) => error.is::<NoPublicAddress>().then_some(false),
    }
}

/// Returns whether an address is public, by IANA's registries of special-purpose addresses.
fn is_public_address(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let special = match (a, b, c) {
        // "This network", private, loopback; multicast, reserved and broadcast.
        (0 | 10 | 127 | 224..=255, _, _)
        // Carrier-grade NAT, link-local (with the metadata service of cloud machines), private.
        | (100, 64..=127, _) | (169, 254, _) | (172, 16..=31, _) | (192, 168, _)
        // Protocol assignments, documentation, 6to4 relays, benchmarking.
        | (192, 0, 0 | 2) | (192, 88, 99) | (198, 18..=19, _) | (198, 51, 100) | (203, 0, 113) => true,
        _ => false,
    };
    !special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Other ranges are loopback, link-local, unique local or multicast, or embed an IPv4 address.
    let is_global_unicast = a & 0xe000 == 0x2000;
    let special = match (a, b) {
        // Protocol assignments (with Teredo), documentation, 6to4, documentation.
        (0x2001, 0..=0x01ff | 0x0db8) | (0x2002, _) | (0x3fff, 0..=0x0fff) => true,
        _ => false,
    };
    is_global_unicast && !special
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use hyper_util::client::legacy::connect::HttpConnector;
    use tokio::net::TcpListener;

    use super::*;

    const PUBLIC: [&str; 2] = ["8.8.8.8:443", "[2001:4860:4860::8888]:443"];
    const PRIVATE: [&str; 3] = ["127.0.0.1:443", "169.254.169.254:443", "[::1]:443"];

    fn addresses(written: &[&str]) -> Vec<SocketAddr> {
        written.iter().map(|address| address.parse().unwrap()).collect()
    }

    /// A fake DNS that returns these answers in turn, then repeats the last. Also returns the count of queries.
    fn dns(
        answers: Vec<Vec<SocketAddr>>,
    ) -> (
        impl Service<Name, Response = vec::IntoIter<SocketAddr>, Error = BoxError, Future: Send> + Clone + Send,
        Arc<AtomicUsize>,
    ) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = asked.clone();
        let answer = move |_: Name| {
            let time = count.fetch_add(1, Ordering::Relaxed).min(answers.len() - 1);
            std::future::ready(Ok::<_, BoxError>(answers[time].clone().into_iter()))
        };
        (tower::service_fn(answer), asked)
    }

    #[tokio::test]
    async fn of_an_answer_with_private_addresses_only_the_public_ones_are_dialled() {
        let mixed = addresses(&[PRIVATE[0], PUBLIC[0], PRIVATE[1], PUBLIC[1], PRIVATE[2]]);
        let (system, _) = dns(vec![mixed]);
        let mut resolver = Resolver { system, reach: EgressPolicy::PublicAddresses };
        let given = resolver.call("push.example.com".parse().unwrap()).await.unwrap();
        assert_eq!(given.collect::<Vec<_>>(), addresses(&PUBLIC));
    }

    #[tokio::test]
    async fn an_answer_that_has_become_private_is_not_dialled_and_no_dial_looks_twice() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let ours = listener.local_addr().unwrap();
        let (system, asked) = dns(vec![addresses(&PUBLIC), vec![ours]]);
        let mut resolver = Resolver { system, reach: EgressPolicy::PublicAddresses };
        let given = resolver.call("push.example.com".parse().unwrap()).await.unwrap();
        assert_eq!(given.collect::<Vec<_>>(), addresses(&PUBLIC));
        assert_eq!(asked.load(Ordering::Relaxed), 1);
        let address: http::Uri = format!("http://push.example.com:{}/", ours.port()).parse().unwrap();
        let refused = HttpConnector::new_with_resolver(resolver.clone()).call(address.clone()).await.unwrap_err();
        assert!(crate::is_not_public(&refused), "{refused:?}");
        assert_eq!(asked.load(Ordering::Relaxed), 2);
        // Without a restriction, the client connects to the address that the resolver returned.
        resolver.reach = EgressPolicy::Anywhere;
        HttpConnector::new_with_resolver(resolver).call(address).await.unwrap();
        assert_eq!(asked.load(Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn a_name_of_this_machine_is_looked_up_and_is_not_public() {
        assert_eq!(is_public("localhost").await, Some(false));
        assert_eq!(is_public("no name").await, None);
    }

    #[test]
    fn what_is_inside_of_a_network_is_not_public_by_any_notation() {
        for inside in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:20::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "5f00::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_public_address(inside.parse().unwrap()), "{inside}");
            assert!(!EgressPolicy::PublicAddresses.allows_host(inside), "{inside}");
        }
        assert!(!EgressPolicy::PublicAddresses.allows_host("[::1]"));
    }

    #[test]
    fn what_anybody_can_reach_is_public() {
        for public in [
            "8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.0.1.1",
            "198.17.0.1",
            "223.255.255.254",
            "2001:4860:4860::8888",
            "2a00:1450:4001::1",
            "2600:1901::1",
            "2001:200::1",
        ] {
            assert!(is_public_address(public.parse().unwrap()), "{public}");
        }
        assert!(
            EgressPolicy::PublicAddresses.allows_host("push.example.com")
                && EgressPolicy::Anywhere.allows_host("127.0.0.1")
        );
    }
}
