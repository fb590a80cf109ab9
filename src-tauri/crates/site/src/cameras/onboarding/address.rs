//! What an installer typed as a device's address. Pure.

use watchwall_model::{Credentials, DeviceEndpoint, ErrorCode, Problem, SafeUrl, Secret};
use watchwall_onvif::{DeviceAddress, OnvifError};

/// Where to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A device that should speak ONVIF.
    Device(DeviceAddress),
    /// The address of a stream: nothing else is asked.
    Stream(SafeUrl),
}

impl Target {
    /// Two rows with the same key are the same device.
    pub fn key(&self) -> String {
        match self {
            Self::Device(address) => format!("{}:{}", address.host(), address.port()),
            Self::Stream(url) => url.as_str().to_owned(),
        }
    }

    /// Host to show.
    pub fn host(&self) -> &str {
        match self {
            Self::Device(address) => address.host(),
            Self::Stream(url) => url.host(),
        }
    }
}

/// Reads an address, name, IPv6 or URL, and takes credentials out of it. `port` is that of another column; one in the
/// address wins.
///
/// # Errors
/// `url_invalid` and its like, naming what is wrong.
pub fn read_target(text: &str, port: Option<u16>) -> Result<(Target, Option<Credentials>), Problem> {
    let text = text.trim();
    let Some((scheme, _)) = text.split_once("://") else {
        let (credentials, bare) = split_login(text);
        let address = DeviceAddress::parse(&with_port(bare, port)).map_err(|error| refusal(&error))?;
        return Ok((Target::Device(address), credentials));
    };
    let is_web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let (url, credentials) = SafeUrl::split(text)?;
    // A web address is a device's unless it names more than one: motion JPEG is added by its stream column.
    if is_web && is_device_path(url.as_url().path()) {
        let text = match (url.port(), port) {
            (None, Some(port)) => with_url_port(&url, port),
            _ => url.to_string(),
        };
        let address = DeviceAddress::parse(&text).map_err(|error| refusal(&error))?;
        return Ok((Target::Device(address), credentials));
    }
    Ok((Target::Stream(url), credentials))
}

/// The address as it is stored.
pub fn endpoint_of(address: &DeviceAddress) -> DeviceEndpoint {
    let path = SafeUrl::split(&address.device_url()).map(|(url, _)| {
        let url = url.as_url();
        url.query().map_or_else(|| url.path().to_owned(), |query| format!("{}?{query}", url.path()))
    });
    DeviceEndpoint {
        host: address.host().to_owned(),
        port: address.port(),
        is_tls: address.is_tls(),
        path: path.unwrap_or_else(|_| "/onvif/device_service".to_owned()),
    }
}

/// Back from [`endpoint_of`].
///
/// # Errors
/// `url_invalid`, which only a damaged row can cause.
pub fn address_of(endpoint: &DeviceEndpoint) -> Result<DeviceAddress, Problem> {
    DeviceAddress::parse(&endpoint.url()).map_err(|error| refusal(&error))
}

fn refusal(error: &OnvifError) -> Problem {
    error.problem()
}

fn is_device_path(path: &str) -> bool {
    let path = path.to_ascii_lowercase();
    matches!(path.as_str(), "" | "/") || path.contains("onvif") || path.contains("device_service")
}

fn split_login(text: &str) -> (Option<Credentials>, &str) {
    let Some((login, host)) = text.rsplit_once('@') else { return (None, text) };
    let (username, password) = login.split_once(':').unwrap_or((login, ""));
    (Some(Credentials { username: username.to_owned(), password: Secret::new(password) }), host)
}

fn with_port(text: &str, port: Option<u16>) -> String {
    let Some(port) = port else { return text.to_owned() };
    if text.parse::<std::net::Ipv6Addr>().is_ok() {
        return format!("[{text}]:{port}");
    }
    let after_host = if text.starts_with('[') { text.rsplit_once(']').map_or("", |(_, rest)| rest) } else { text };
    let authority = after_host.split('/').next().unwrap_or_default();
    if authority.contains(':') {
        return text.to_owned();
    }
    match text.split_once('/') {
        Some((host, path)) => format!("{host}:{port}/{path}"),
        None => format!("{text}:{port}"),
    }
}

fn with_url_port(url: &SafeUrl, port: u16) -> String {
    let mut url = url.as_url().clone();
    // Fails only for addresses that can have no port, and those are no devices.
    let _ = url.set_port(Some(port));
    url.to_string()
}

/// The same stream at another host; scheme, port and path stay.
///
/// # Errors
/// `url_invalid` when the host cannot stand in a URL.
pub fn at_host(url: &SafeUrl, host: &str) -> Result<SafeUrl, Problem> {
    let mut moved = url.as_url().clone();
    let written = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    moved.set_host(Some(&written)).map_err(|error| Problem::new(ErrorCode::UrlInvalid).with("reason", error))?;
    Ok(SafeUrl::split(moved.as_str())?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, port: Option<u16>, expect: Option<(&str, Option<(&str, &str)>)>) {
        let got = read_target(text, port).ok();
        let got = got.as_ref().map(|(target, credentials)| {
            let credentials = credentials.as_ref().map(|c| (c.username.as_str(), c.password.reveal()));
            (target.key(), credentials)
        });
        assert_eq!(got, expect.map(|(key, credentials)| (key.to_owned(), credentials)), "{text}");
    }

    #[test]
    fn addresses_of_every_kind() {
        check("192.168.1.64", None, Some(("192.168.1.64:80", None)));
        check("192.168.1.64", Some(8000), Some(("192.168.1.64:8000", None)));
        check("192.168.1.64:8899", Some(8000), Some(("192.168.1.64:8899", None)));
        check(" Gate.Local ", None, Some(("gate.local:80", None)));
        check("fe80::1", Some(2020), Some(("fe80::1:2020", None)));
        check("[fe80::1]:8000", Some(2020), Some(("fe80::1:8000", None)));
        check("http://10.0.0.5:8080/onvif/device_service", None, Some(("10.0.0.5:8080", None)));
        check("https://10.0.0.5", Some(8443), Some(("10.0.0.5:8443", None)));
        check("http://admin:p%40ss@10.0.0.5/", None, Some(("10.0.0.5:80", Some(("admin", "p@ss")))));
        check("rtsp://u:p@10.0.0.5/a", None, Some(("rtsp://10.0.0.5/a", Some(("u", "p")))));
        check("http://10.0.0.5/mjpg/video.mjpg", None, Some(("http://10.0.0.5/mjpg/video.mjpg", None)));
        check("gopher://10.0.0.5", None, None);
        check("", None, None);
        check("10.0.0.5:99999", None, None);
    }

    #[test]
    fn an_address_survives_being_stored() {
        for text in ["10.0.0.5", "http://10.0.0.5:8080/a/b?c=1", "https://[fe80::1]:8443/onvif/x", "cam.local:2020"] {
            let address = DeviceAddress::parse(text).unwrap();
            assert_eq!(address_of(&endpoint_of(&address)).unwrap(), address, "{text}");
        }
    }

    #[test]
    fn a_stream_follows_its_device() {
        let check = |url: &str, host: &str, expect: &str| {
            assert_eq!(at_host(&SafeUrl::split(url).unwrap().0, host).unwrap().as_str(), expect);
        };
        check("rtsp://10.0.0.5:8554/a?b=1", "10.0.0.9", "rtsp://10.0.0.9:8554/a?b=1");
        check("rtsp://10.0.0.5/a", "fe80::1", "rtsp://[fe80::1]/a");
    }
}
