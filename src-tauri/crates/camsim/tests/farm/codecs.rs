//! Every codec over both transports, as the site's own ingest reads them.

use crate::{client::within, farm, live, small};
use futures::StreamExt;
use retina::{
    client::{PlayOptions, Session, SessionOptions, SetupOptions, TcpTransportOptions, Transport, UdpTransportOptions},
    codec::{CodecItem, ParametersRef},
};
use watchwall_camsim::{Audio, CameraSpec, Codec, Farm, StreamSpec};
use watchwall_model::{Secret, StreamRole};

/// What one look at a stream found.
#[derive(Debug, Default)]
struct Seen {
    encodings: Vec<String>,
    size: Option<(u32, u32)>,
    frames: usize,
    keys: usize,
    sounds: usize,
    reports: usize,
}

fn transport(udp: bool) -> Transport {
    if udp { Transport::Udp(UdpTransportOptions::default()) } else { Transport::Tcp(TcpTransportOptions::default()) }
}

async fn look(farm: &Farm, camera: usize, udp: bool, credentials: Option<(&str, &str)>) -> Result<Seen, retina::Error> {
    let url = url::Url::parse(&farm.rtsp_url(camera, StreamRole::Main)).unwrap();
    let credentials = credentials.map(|(user, password)| retina::client::Credentials {
        username: user.to_owned(),
        password: password.to_owned(),
    });
    let mut session = Session::describe(url, SessionOptions::default().creds(credentials)).await?;
    let mut seen = Seen::default();
    for track in 0..session.streams().len() {
        seen.encodings.push(session.streams()[track].encoding_name().to_owned());
        session.setup(track, SetupOptions::default().transport(transport(udp))).await?;
    }
    let mut items = session.play(PlayOptions::default()).await?.demuxed()?;
    let sound = seen.encodings.len() > 1;
    while seen.frames < 12 || (sound && seen.sounds < 5) || seen.reports == 0 {
        match within(items.next()).await.expect("the stream goes on")? {
            CodecItem::VideoFrame(frame) => {
                seen.frames += 1;
                seen.keys += usize::from(frame.is_random_access_point());
                assert_eq!(frame.loss(), 0, "nothing is lost");
                if let Some(ParametersRef::Video(video)) = items.streams()[frame.stream_id()].parameters() {
                    seen.size = Some(video.pixel_dimensions());
                }
            }
            CodecItem::AudioFrame(_) => seen.sounds += 1,
            CodecItem::Rtcp(_) => seen.reports += 1,
            _ => {}
        }
    }
    Ok(seen)
}

async fn check(spec: StreamSpec, encodings: &[&str]) {
    let size = (spec.width, spec.height);
    let farm = farm(vec![CameraSpec::new("Codec", spec)]).await;
    for udp in [false, true] {
        let seen = look(&farm, 0, udp, None).await.unwrap();
        assert_eq!(seen.encodings, encodings);
        assert_eq!(seen.size, Some(size), "{encodings:?} udp {udp}");
        assert!(seen.keys >= 1, "{seen:?}");
    }
    assert_eq!(farm.counters(0).unwrap().main.sessions_total, 2);
    farm.shutdown().await;
}

#[tokio::test]
async fn h264_with_aac() {
    check(StreamSpec { audio: Audio::Aac, ..small().main }, &["h264", "mpeg4-generic"]).await;
}

#[tokio::test]
async fn h265_with_a_law() {
    check(StreamSpec { codec: Codec::H265, audio: Audio::Pcma, ..small().main }, &["h265", "pcma"]).await;
}

#[tokio::test]
async fn mjpeg_with_mu_law() {
    check(StreamSpec { codec: Codec::Mjpeg, audio: Audio::Pcmu, ..small().main }, &["jpeg", "pcmu"]).await;
}

#[tokio::test]
async fn live_h264() {
    check(live().main, &["h264"]).await;
}

#[tokio::test]
async fn the_smallest_and_the_largest_picture() {
    check(StreamSpec { width: 32, height: 32, ..small().main }, &["h264"]).await;
    check(StreamSpec { width: 3840, height: 2160, fps: 5, ..small().main }, &["h264"]).await;
}

#[tokio::test]
async fn a_wrong_password_is_tried_once_and_counted() {
    let credentials = Some(("admin".to_owned(), Secret::new("right")));
    let farm = farm(vec![CameraSpec { credentials, ..small() }]).await;
    look(&farm, 0, false, Some(("admin", "right"))).await.unwrap();
    assert_eq!(farm.counters(0).unwrap().password_attempts, 0);
    look(&farm, 0, false, Some(("admin", "wrong"))).await.unwrap_err();
    assert_eq!(farm.counters(0).unwrap().password_attempts, 1);
    farm.fault(0, watchwall_camsim::Fault::WrongPassword).await.unwrap();
    look(&farm, 0, false, Some(("admin", "right"))).await.unwrap_err();
    assert_eq!(farm.counters(0).unwrap().password_attempts, 2);
    farm.clear(0).await.unwrap();
    look(&farm, 0, false, Some(("admin", "right"))).await.unwrap();
    farm.shutdown().await;
}
