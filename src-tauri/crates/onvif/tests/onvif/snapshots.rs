//! Pictures by their address.

use crate::{
    client,
    device::{Camera, Guard, Reply, Setup},
    right,
};
use watchwall_onvif::{OnvifError, PictureFormat};

#[tokio::test]
async fn quirk_6_a_picture_of_another_host_is_fetched_from_the_device() {
    let camera = Camera::start(Setup::default()).await;
    let picture = client(&camera, Some(right())).picture("http://203.0.113.9/snap.jpg?ch=1").await.unwrap();
    assert_eq!((picture.format, camera.wrong(), camera.right()), (PictureFormat::Jpeg, 0, 1));
    assert_eq!(camera.requests().pop().unwrap().target, "/snap.jpg?ch=1");
}

#[tokio::test]
async fn quirk_6_what_is_no_picture() {
    let camera = Camera::hooked(Guard::Nothing, |request| match request.target.as_str() {
        "/page" => Some(Reply::raw(200, "<html>please log in</html>")),
        "/gone" => Some(Reply::raw(500, "")),
        "/png" => Some(Reply::raw(200, *b"\x89PNG\r\n\x1a\n0000")),
        _ => None,
    })
    .await;
    let client = client(&camera, None);
    assert_eq!(client.picture("http://x/png").await.unwrap().format, PictureFormat::Png);
    let error = client.picture("http://x/page").await.unwrap_err();
    assert!(matches!(error, OnvifError::NoPicture { .. }), "{error}");
    let error = client.picture("http://x/gone").await.unwrap_err();
    assert!(matches!(error, OnvifError::NotSoap { status: 500, .. }), "{error}");
    let error = client.picture("rtsp://x/live").await.unwrap_err();
    assert!(matches!(error, OnvifError::SnapshotAddress { .. }), "{error}");
}

#[tokio::test]
async fn quirk_6_a_login_in_the_query_is_tried_without_a_header() {
    let camera = Camera::hooked(Guard::Digest(&["MD5"]), |request| {
        let is_known = request.target.contains("user=a");
        is_known.then(|| match request.header("authorization") {
            None => Reply::raw(200, *b"\xff\xd8\xff"),
            Some(_) => Reply::raw(400, ""),
        })
    })
    .await;
    assert!(client(&camera, Some(right())).picture("http://x/snap?user=a&pwd=b").await.is_ok());
}
