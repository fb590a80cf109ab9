//! Which network interface leads to a camera. Multicast is joined there: machines of control rooms often have one
//! interface for the cameras and another for the office, and the system's choice is the office.

use std::net::IpAddr;

/// The name of the interface through which packets to this host leave; `None` where that cannot be said.
pub async fn towards(host: &str, port: u16) -> Option<String> {
    let socket = tokio::net::UdpSocket::bind("0.0.0.0:0").await.ok()?;
    // Connecting a datagram socket sends nothing; it asks the routing table.
    socket.connect((host, port)).await.ok()?;
    name_of(socket.local_addr().ok()?.ip())
}

#[cfg(unix)]
fn name_of(address: IpAddr) -> Option<String> {
    use std::ffi::CStr;
    let mut first: *mut libc::ifaddrs = std::ptr::null_mut();
    // SAFETY: `first` is a valid place for the list's head, which is freed below.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return None;
    }
    let mut found = None;
    let mut next = first;
    while !next.is_null() {
        // SAFETY: `next` is an entry of the list, which lives until it is freed below.
        let entry = unsafe { &*next };
        // SAFETY: `ifa_addr` is null or points to an address of the family it names, and `ifa_name` to a C string.
        let is_it = unsafe { address_of(entry.ifa_addr) } == Some(address);
        if is_it {
            // SAFETY: as above.
            found = unsafe { CStr::from_ptr(entry.ifa_name) }.to_str().ok().map(ToOwned::to_owned);
            break;
        }
        next = entry.ifa_next;
    }
    // SAFETY: the list came from `getifaddrs` and nothing of it is used any more.
    unsafe { libc::freeifaddrs(first) };
    found
}

#[cfg(not(unix))]
fn name_of(_: IpAddr) -> Option<String> {
    None
}

/// # Safety
/// `address` is null or points to a socket address of the size its family has.
#[cfg(unix)]
unsafe fn address_of(address: *const libc::sockaddr) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    // SAFETY: not null, and every socket address begins with its family.
    match i32::from(unsafe { (*address).sa_family }) {
        libc::AF_INET => {
            // SAFETY: the family says what it is.
            let address = unsafe { &*address.cast::<libc::sockaddr_in>() };
            Some(IpAddr::from(address.sin_addr.s_addr.to_ne_bytes()))
        }
        _ => None,
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn loopback_is_found() {
        assert_eq!(towards("127.0.0.1", 554).await.as_deref(), Some("lo"));
        assert_eq!(name_of(IpAddr::from([192, 0, 2, 77])), None);
    }
}
