//! Request targets: `rtsp://host/cam/{n}/{main|sub}[/track{1|2|3}]`, `rtsp://host/storage/{n}[/track1]` for what a
//! device recorded of its main stream, or `*`.

use watchwall_model::StreamRole;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub camera: usize,
    pub role: StreamRole,
    pub source: Source,
    pub track: Option<TrackKind>,
}

/// Where its pictures come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    Live,
    /// The device's own storage.
    Storage,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TrackKind {
    Video,
    Audio,
    /// Events of the device behind the camera.
    Metadata,
}

impl TrackKind {
    const ALL: [Self; 3] = [Self::Video, Self::Audio, Self::Metadata];

    /// The last part of its address.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Video => "track1",
            Self::Audio => "track2",
            Self::Metadata => "track3",
        }
    }
}

/// `None` for any other path.
pub(super) fn parse(target: &str) -> Option<Target> {
    let path = match target.split_once("://") {
        Some((_, rest)) => rest.split_once('/')?.1,
        None => target,
    };
    let path = path.split(['?', '#']).next()?;
    let mut parts = path.split('/').filter(|part| !part.is_empty());
    let source = match parts.next()? {
        "cam" => Source::Live,
        "storage" => Source::Storage,
        _ => return None,
    };
    let camera = parts.next()?.parse().ok()?;
    let role = match source {
        Source::Storage => StreamRole::Main,
        Source::Live => match parts.next()? {
            "main" => StreamRole::Main,
            "sub" => StreamRole::Sub,
            _ => return None,
        },
    };
    let track = match parts.next() {
        None => None,
        Some(name) => Some(TrackKind::ALL.into_iter().find(|kind| kind.name() == name)?),
    };
    parts.next().is_none().then_some(Target { camera, role, source, track })
}

/// The path of a stream, without the leading slash.
pub(crate) fn path(camera: usize, role: StreamRole) -> String {
    format!("cam/{camera}/{}", role.as_str())
}

/// The path of what a device recorded of a camera, without the leading slash.
pub(crate) fn storage_path(camera: usize) -> String {
    format!("storage/{camera}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_streams_that_could_exist_have_targets() {
        let of = |source, track| Some(Target { camera: 3, role: StreamRole::Main, source, track });
        let main = |track| of(Source::Live, track);
        let check = |text, expect| assert_eq!(parse(text), expect, "{text}");
        check("rtsp://127.0.0.1:8554/cam/3/main", main(None));
        check("rtsp://[::1]:8554/cam/3/main/?a=b", main(None));
        check("/cam/3/main/track1", main(Some(TrackKind::Video)));
        check("rtsp://h/cam/3/main/track2", main(Some(TrackKind::Audio)));
        check("rtsp://h/cam/3/main/track3", main(Some(TrackKind::Metadata)));
        check("rtsp://h/storage/3", of(Source::Storage, None));
        check("rtsp://h/storage/3/track1", of(Source::Storage, Some(TrackKind::Video)));
        for bad in
            ["*", "rtsp://h", "rtsp://h/", "/cam/x/main", "/cam/3/third", "/cam/3/main/track9", "/cam/3/sub/track1/x"]
        {
            check(bad, None);
        }
    }
}
