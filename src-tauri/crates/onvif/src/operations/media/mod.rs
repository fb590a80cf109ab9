//! The media services, old (`ver10`) and new (`ver20`, Media2): profiles, addresses of streams and pictures, encoders,
//! overlays.

mod audio;
mod encoder;
mod encoder_options;
mod osd;
mod profile;
mod source;
mod stream_uri;

pub use audio::{AudioOption, GetAudioEncoderConfigurationOptions};
pub use encoder::{
    AudioEncoder, GetVideoEncoderConfigurations, GetVideoEncoders2, Multicast, SetVideoEncoder2,
    SetVideoEncoderConfiguration, VideoEncoder,
};
pub use encoder_options::{EncoderOption, GetEncoderOptions2, GetVideoEncoderConfigurationOptions};
pub use osd::{
    CreateOsd, DeleteOsd, GetOsdOptions, GetOsds, MediaVersion, Osd, OsdOptions, OsdPosition, OsdText, SetOsd,
};
pub use profile::{
    CreateProfile2, GetProfiles, GetProfiles2, Profile, ProfileKinds, PtzReference, VideoSourceConfiguration,
    merge_profiles,
};
pub use source::{GetVideoSourceConfigurations2, GetVideoSources, VideoSource};
pub use stream_uri::{
    GetSnapshotUri, GetSnapshotUri2, GetStreamUri, GetStreamUri2, SnapshotUri, StartMulticastStreaming,
    StopMulticastStreaming, StreamProtocol, StreamUri,
};
