//! Pictures by their address: plain HTTP with the same policy of addresses, logins and limits as SOAP.

use crate::{Client, OnvifError, soap::Service};

/// A picture as the device sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub format: PictureFormat,
    pub bytes: Vec<u8>,
}

/// By its first bytes: what the device says of it is often wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PictureFormat {
    Jpeg,
    Png,
    Bmp,
    Gif,
    WebP,
}

impl PictureFormat {
    pub fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xff, 0xd8, 0xff, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some(Self::Png),
            [b'B', b'M', _, _, _, _, 0, 0, 0, 0, ..] => Some(Self::Bmp),
            [b'G', b'I', b'F', b'8', ..] => Some(Self::Gif),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::WebP),
            _ => None,
        }
    }
}

impl Client {
    /// Fetches the picture at an address the device gave. Its host is the device's own whatever the address says.
    ///
    /// # Errors
    /// `SnapshotAddress` for anything but HTTP, `NoPicture` for an answer that is none, and those of the transport.
    pub async fn picture(&self, uri: &str) -> Result<Picture, OnvifError> {
        let services = self.services();
        let urls = self.address().picture_urls(uri, services.address(&Service::Device))?;
        let fetched = self.fetch(&urls).await?;
        match PictureFormat::of(&fetched.body) {
            Some(format) => Ok(Picture { format, bytes: fetched.body }),
            None => Err(OnvifError::NoPicture { host: self.address().to_string() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quirk_6_pictures_are_known_by_their_bytes() {
        let check = |bytes: &[u8], expect| assert_eq!(PictureFormat::of(bytes), expect);
        check(b"\xff\xd8\xff\xe0\0\x10JFIF", Some(PictureFormat::Jpeg));
        check(b"\x89PNG\r\n\x1a\n....", Some(PictureFormat::Png));
        check(b"BM\x36\0\0\0\0\0\0\0\x36", Some(PictureFormat::Bmp));
        check(b"<html>login</html>", None);
        check(b"BMW is a car", None);
        check(b"", None);
    }
}
