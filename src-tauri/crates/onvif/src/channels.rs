//! Channels of a device, made from its profiles.
//!
//! Profiles that name the same picture source are one channel. The list of sources is not asked: recorders list others
//! there than their profiles use. A channel's identity is the device and the source's token, never a profile's name.

use crate::operations::{Profile, Size};
use watchwall_model::{StreamPath, StreamRole, VideoCodec};

/// One picture source with the profiles that show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channel {
    /// From 1, in the order the device lists its profiles.
    pub number: u32,
    pub source_token: String,
    pub name: String,
    /// Token of the profile with the largest picture.
    pub main: Option<String>,
    /// Token of the smallest at least 320 pixels wide; `None` when there is but one.
    pub sub: Option<String>,
    /// Tokens of all profiles that carry a picture, main and sub included.
    pub profiles: Vec<String>,
    /// Token of a profile that can move the camera.
    pub ptz_profile: Option<String>,
}

impl Channel {
    /// The stream's name in the site.
    pub fn path(&self, host: &str, role: StreamRole) -> StreamPath {
        StreamPath::for_camera(host, self.number, role)
    }
}

const LEAST_SUB_WIDTH: u32 = 320;
/// The least a main picture has.
const MAIN_SIZE: Size = Size { width: 1280, height: 720 };

/// Channels in the order of their first profile. Profiles without an encoder are left out: they show nothing.
pub fn channels(profiles: &[Profile]) -> Vec<Channel> {
    let mut grouped: Vec<(&str, Vec<&Profile>)> = Vec::new();
    for profile in profiles.iter().filter(|profile| profile.video.is_some()) {
        let source = profile.source.as_ref().map_or("", |source| source.source_token.as_str());
        match grouped.iter_mut().find(|(token, _)| *token == source) {
            Some((_, own)) => own.push(profile),
            None => grouped.push((source, vec![profile])),
        }
    }
    let numbered = (1..).zip(grouped);
    numbered.map(|(number, (source, own))| channel(number, source, &own, profiles)).collect()
}

fn channel(number: u32, source: &str, own: &[&Profile], all: &[Profile]) -> Channel {
    let main = own.iter().copied().reduce(|best, next| if rank(next) > rank(best) { next } else { best });
    let others = own.iter().copied().filter(|profile| main.is_some_and(|main| main.token != profile.token));
    let sub = others.filter(|profile| is_sub(profile)).reduce(|best, next| {
        let (next_key, best_key) = (sub_key(next), sub_key(best));
        if next_key < best_key { next } else { best }
    });
    let of_source = |profile: &&Profile| profile.source.as_ref().map_or("", |own| own.source_token.as_str()) == source;
    Channel {
        number,
        source_token: source.to_owned(),
        name: main.map(name).unwrap_or_default(),
        main: main.map(|profile| profile.token.clone()),
        sub: sub.map(|profile| profile.token.clone()),
        profiles: own.iter().map(|profile| profile.token.clone()).collect(),
        ptz_profile: all
            .iter()
            .filter(of_source)
            .find(|profile| profile.ptz.is_some())
            .map(|profile| profile.token.clone()),
    }
}

/// Larger is more of a main stream: no motion JPEG, then the picture, then what the name says.
fn rank(profile: &Profile) -> (bool, u64, bool) {
    let video = profile.video.clone().unwrap_or_default();
    let name = profile.name.to_ascii_lowercase();
    let says_main = name.contains("main");
    // An encoder without a size (Lorex, Dahua): the whole picture of the source, unless the name says less.
    let whole = profile.source.as_ref().and_then(|source| source.bounds);
    let guess = || if says_main { whole.or(Some(MAIN_SIZE)) } else { whole.filter(|_| !name.contains("sub")) };
    let size = video.size.or_else(guess).unwrap_or_default();
    let area = u64::from(size.width) * u64::from(size.height);
    (video.codec != Some(VideoCodec::Mjpeg), area, says_main)
}

fn is_sub(profile: &Profile) -> bool {
    let size = profile.video.as_ref().and_then(|video| video.size);
    size.is_none_or(|size| size.width >= LEAST_SUB_WIDTH)
}

/// Smaller is more of a sub stream.
fn sub_key(profile: &Profile) -> (bool, u64, bool) {
    let (is_coded, area, _) = rank(profile);
    let says_sub = profile.name.to_ascii_lowercase().contains("sub");
    (!is_coded, if area == 0 && !says_sub { u64::MAX } else { area }, !says_sub)
}

/// What a person might call it: the source's name unless it is a token in disguise.
fn name(profile: &Profile) -> String {
    let source = profile.source.as_ref().map(|source| source.name.as_str()).filter(|name| !name.is_empty());
    source.unwrap_or(&profile.name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{PtzReference, VideoEncoder, VideoSourceConfiguration};

    fn profile(token: &str, source: &str, width: u32, codec: Option<VideoCodec>) -> Profile {
        let size = (width > 0).then_some(Size { width, height: width * 9 / 16 });
        Profile {
            token: token.to_owned(),
            name: token.to_owned(),
            source: Some(VideoSourceConfiguration { source_token: source.to_owned(), ..Default::default() }),
            video: Some(VideoEncoder { size, codec, ..Default::default() }),
            ..Default::default()
        }
    }

    #[track_caller]
    fn check(profiles: &[Profile], expect: &[(&str, Option<&str>, Option<&str>)]) {
        let found = channels(profiles);
        let got: Vec<_> =
            found.iter().map(|c| (c.source_token.as_str(), c.main.as_deref(), c.sub.as_deref())).collect();
        assert_eq!(got, expect);
    }

    #[test]
    fn quirk_11_channels_come_from_profiles() {
        let h264 = || Some(VideoCodec::H264);
        check(
            &[
                profile("a sub", "s1", 640, h264()),
                profile("a", "s1", 2560, h264()),
                profile("a third", "s1", 1280, h264()),
                profile("b", "s2", 1920, Some(VideoCodec::H265)),
            ],
            &[("s1", Some("a"), Some("a sub")), ("s2", Some("b"), None)],
        );
        // 16 channels of a recorder, whatever their sources are called.
        let many: Vec<_> =
            (0..32).map(|n| profile(&format!("p{n}"), &format!("v{}", n / 2), 1920 - n % 2 * 1280, h264())).collect();
        let found = channels(&many);
        assert_eq!((found.len(), found[15].number, found[15].sub.as_deref()), (16, 16, Some("p31")));
        assert_eq!(found[2].path("10.0.0.5", StreamRole::Sub).as_str(), "cam_10_0_0_5_ch3_sub");
    }

    #[test]
    fn odd_profiles() {
        let h264 = || Some(VideoCodec::H264);
        // A large motion JPEG picture is no main stream, a tiny one no sub stream.
        check(
            &[
                profile("j", "s", 3840, Some(VideoCodec::Mjpeg)),
                profile("m", "s", 1920, h264()),
                profile("t", "s", 176, h264()),
            ],
            &[("s", Some("m"), Some("j"))],
        );
        // Sizes unknown: names decide.
        check(
            &[profile("X_Sub", "s", 0, None), profile("X_Main", "s", 0, None)],
            &[("s", Some("X_Main"), Some("X_Sub"))],
        );
        let empty = Profile { video: None, ..profile("e", "s", 0, None) };
        check(&[empty], &[]);
        check(&[], &[]);
        let mut moving = profile("p", "s", 640, h264());
        moving.ptz = Some(PtzReference::default());
        assert_eq!(channels(&[profile("m", "s", 1920, h264()), moving])[0].ptz_profile.as_deref(), Some("p"));
    }
}
