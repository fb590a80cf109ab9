//! Asks for profiles and stream addresses in all the ways devices need.

use crate::{
    Client, ErrorKind, OnvifError,
    operations::{
        GetProfiles, GetProfiles2, GetSnapshotUri, GetSnapshotUri2, GetStreamUri, GetStreamUri2, GetVideoEncoders2,
        Profile, ProfileKinds, StreamProtocol, StreamUri, VideoEncoder, merge_profiles,
    },
    soap::{FaultKind, Service},
};

impl Client {
    /// All profiles, of both media services, merged by token.
    ///
    /// # Errors
    /// The first failure when neither service gives any.
    pub async fn profiles(&self) -> Result<Vec<Profile>, OnvifError> {
        let services = self.services();
        let (has_old, has_new) = (services.has(&Service::Media), services.has(&Service::Media2));
        if !has_new {
            return self.call(&GetProfiles).await;
        }
        match self.profiles2().await {
            Err(error) if matches!(error.kind(), ErrorKind::Login | ErrorKind::Unreachable) => Err(error),
            new if has_old => self.with_old(new).await,
            new => new,
        }
    }

    /// What the newer service said, with what the older one adds.
    async fn with_old(&self, new: Result<Vec<Profile>, OnvifError>) -> Result<Vec<Profile>, OnvifError> {
        if !self.services().has(&Service::Media) {
            return new;
        }
        match (self.call(&GetProfiles).await, new) {
            (Ok(old), Ok(new)) => Ok(merge_profiles(old, new)),
            (Ok(profiles), Err(_)) | (Err(_), Ok(profiles)) => Ok(profiles),
            (Err(error), Err(_)) => Err(error),
        }
    }

    /// The newer service's profiles where they are whole, which is one call; else those of both.
    ///
    /// # Errors
    /// As [`Client::profiles`].
    pub(super) async fn first_profiles(&self) -> Result<Vec<Profile>, OnvifError> {
        if !self.services().has(&Service::Media2) {
            return self.profiles().await;
        }
        match self.profiles2().await {
            Err(error) if matches!(error.kind(), ErrorKind::Login | ErrorKind::Unreachable) => Err(error),
            Ok(profiles) if is_whole(&profiles) => Ok(profiles),
            new => self.with_old(new).await,
        }
    }

    /// Asked for everything some servers crash: then for less, then piece by piece.
    async fn profiles2(&self) -> Result<Vec<Profile>, OnvifError> {
        let mut profiles = match self.call(&GetProfiles2(ProfileKinds::All)).await {
            Err(error) if error.kind() == ErrorKind::Login => return Err(error),
            Ok(profiles) => profiles,
            Err(_) => self.call(&GetProfiles2(ProfileKinds::Video)).await?,
        };
        let is_bare = profiles.iter().all(|profile| profile.video.is_none());
        if is_bare && !profiles.is_empty() {
            let encoders = self.call(&GetVideoEncoders2).await.unwrap_or_default();
            attach(&mut profiles, encoders);
        }
        Ok(profiles)
    }

    /// Where a profile's stream is: over TCP as the old service says, as the new one says, then over UDP.
    ///
    /// # Errors
    /// The first failure; `IncompleteConfiguration` means that the profile shows nothing.
    pub async fn stream_uri(&self, profile: &str) -> Result<StreamUri, OnvifError> {
        let services = self.services();
        let (has_old, has_new) = (services.has(&Service::Media), services.has(&Service::Media2));
        let mut first_error = None;
        for protocol in [StreamProtocol::Tcp, StreamProtocol::Udp] {
            if has_old || !has_new {
                match self.call(&GetStreamUri { profile: profile.to_owned(), protocol }).await {
                    Ok(uri) => return Ok(uri),
                    Err(error) if is_final(&error) => return Err(error),
                    Err(error) => first_error = first_error.or(Some(error)),
                }
            }
            if has_new {
                match self.call(&GetStreamUri2 { profile: profile.to_owned(), protocol }).await {
                    Ok(uri) => return Ok(uri),
                    Err(error) if is_final(&error) => return Err(error),
                    Err(error) => first_error = first_error.or(Some(error)),
                }
            }
        }
        Err(first_error.unwrap_or_else(|| OnvifError::Unsupported {
            host: self.address().to_string(),
            what: "GetStreamUri".to_owned(),
        }))
    }

    /// Where a profile's picture is; `None` when the device has none.
    ///
    /// # Errors
    /// What the last service asked says.
    pub async fn snapshot_uri(&self, profile: &str) -> Result<Option<String>, OnvifError> {
        let services = self.services();
        let profile = profile.to_owned();
        let old = if services.has(&Service::Media) || !services.has(&Service::Media2) {
            Some(self.call(&GetSnapshotUri { profile: profile.clone() }).await)
        } else {
            None
        };
        match old {
            Some(Ok(uri)) if uri.0.is_some() || !services.has(&Service::Media2) => Ok(uri.0),
            Some(Err(error)) if !services.has(&Service::Media2) || is_final(&error) => Err(error),
            _ => self.call(&GetSnapshotUri2 { profile }).await.map(|uri| uri.0),
        }
    }
}

/// Every profile tells its source and its encoder.
fn is_whole(profiles: &[Profile]) -> bool {
    !profiles.is_empty() && profiles.iter().all(|profile| profile.source.is_some() && profile.video.is_some())
}

/// Whether asking another way cannot help.
fn is_final(error: &OnvifError) -> bool {
    matches!(error.kind(), ErrorKind::Login | ErrorKind::Unreachable)
        || error.fault_kind() == Some(FaultKind::IncompleteConfiguration)
}

/// Devices that leave profiles bare number both lists alike: by equal tokens, else by their order when as many.
fn attach(profiles: &mut [Profile], encoders: Vec<VideoEncoder>) {
    let is_paired = profiles.len() == encoders.len();
    let by_token = |token: &str| encoders.iter().find(|encoder| encoder.token == token).cloned();
    for (index, profile) in profiles.iter_mut().enumerate() {
        profile.video = by_token(&profile.token).or_else(|| encoders.get(index).filter(|_| is_paired).cloned());
    }
}
