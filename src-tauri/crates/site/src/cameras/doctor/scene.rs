//! What an examination leaves behind for mends and second looks.

use super::{place::Place, stream_facts::Claim, subject::SubjectStream};
use watchwall_onvif::{Client, OnvifError, operations::Profile};

#[derive(Clone)]
pub struct Scene {
    /// Logged in; `None` without ONVIF.
    pub client: Option<Client>,
    /// As lines name them: `None` where there is but one picture.
    pub channels: Vec<Option<u32>>,
    pub streams: Vec<SubjectStream>,
}

impl Scene {
    pub fn stream(&self, place: Place) -> Option<&SubjectStream> {
        self.streams.iter().find(|stream| stream.place() == place)
    }

    /// What the device claims of a stream now.
    ///
    /// # Errors
    /// Of the device.
    pub async fn claim(&self, place: Place) -> Result<Claim, OnvifError> {
        let (Some(client), Some(stream)) = (&self.client, self.stream(place)) else { return Ok(Claim::default()) };
        Ok(claim_of(&client.profiles().await?, stream))
    }
}

/// Nothing for a stream without a profile.
pub fn claim_of(profiles: &[Profile], stream: &SubjectStream) -> Claim {
    let own = profiles.iter().find(|profile| Some(&profile.token) == stream.profile.as_ref());
    own.and_then(|profile| profile.video.as_ref()).map(Claim::of).unwrap_or_default()
}
