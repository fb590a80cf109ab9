//! The picture itself: brightness and the like, focus, overlays.

use super::{
    Control,
    handle::{Reached, refused},
};
use watchwall_model::{CameraId, ErrorCode, Problem};
use watchwall_onvif::{
    ErrorKind, OnvifError,
    operations::{
        CreateOsd, DeleteOsd, FocusMove, FocusOptions, FocusStatus, GetFocusOptions, GetFocusStatus, GetImagingOptions,
        GetImagingSettings, GetOsdOptions, GetOsds, ImagingOptions, ImagingSettings, MediaVersion, MoveFocus, Osd,
        OsdOptions, SetImagingSettings, SetOsd, StopFocus,
    },
    soap::Service,
};

/// How a picture is set, what it may be set to, and its focus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PictureFacts {
    pub settings: ImagingSettings,
    /// Empty where the device does not list them.
    pub options: ImagingOptions,
    /// `None` where the focus cannot be moved.
    pub focus: Option<(FocusStatus, FocusOptions)>,
}

impl Control {
    /// # Errors
    /// Of the device; `operation_unsupported` where it has no imaging.
    pub async fn picture(&self, camera: CameraId) -> Result<PictureFacts, Problem> {
        let reached = self.ground.reach(camera).await?;
        let (client, source) = (reached.client(), reached.source()?);
        let settings = client.call(&GetImagingSettings { source: source.clone() }).await.map_err(refused)?;
        let options = client.call(&GetImagingOptions { source: source.clone() }).await.unwrap_or_default();
        let focus = match client.call(&GetFocusOptions { source: source.clone() }).await {
            Ok(options) if options != FocusOptions::default() => {
                Some((client.call(&GetFocusStatus { source }).await.unwrap_or_default(), options))
            }
            _ => None,
        };
        Ok(PictureFacts { settings, options, focus })
    }

    /// Changes what is given; answers how the picture is set then.
    ///
    /// # Errors
    /// `request_invalid` for a value outside what the device lists, and of the device.
    pub async fn set_picture(&self, camera: CameraId, settings: ImagingSettings) -> Result<ImagingSettings, Problem> {
        let reached = self.ground.reach(camera).await?;
        let (client, source) = (reached.client(), reached.source()?);
        let options = client.call(&GetImagingOptions { source: source.clone() }).await.unwrap_or_default();
        check(&settings, &options)?;
        let request = SetImagingSettings { source: source.clone(), settings };
        client.call(&request).await.map_err(refused)?;
        client.call(&GetImagingSettings { source }).await.map_err(refused)
    }

    /// Moves the focus; `None` stops it.
    ///
    /// # Errors
    /// Of the device.
    pub async fn focus(&self, camera: CameraId, focus: Option<FocusMove>) -> Result<(), Problem> {
        let reached = self.ground.reach(camera).await?;
        let (client, source) = (reached.client(), reached.source()?);
        match focus {
            Some(focus) => client.call(&MoveFocus { source, focus }).await.map_err(refused),
            None => client.call(&StopFocus { source }).await.map_err(refused),
        }
    }

    /// Overlays of the picture and what they may be.
    ///
    /// # Errors
    /// Of the device.
    pub async fn osds(&self, camera: CameraId) -> Result<(Vec<Osd>, OsdOptions), Problem> {
        let reached = self.ground.reach(camera).await?;
        let configuration = reached.osd_configuration().await?;
        let mut failure = None;
        for version in reached.osd_services() {
            let request = GetOsds { version, source_configuration: Some(configuration.clone()) };
            match reached.client().call(&request).await {
                Ok(osds) => {
                    let request = GetOsdOptions { version, source_configuration: configuration };
                    return Ok((osds, reached.client().call(&request).await.unwrap_or_default()));
                }
                Err(error) => failure = Some(worse(failure, error)),
            }
        }
        Err(reached.no_osds(failure))
    }

    /// Replaces an overlay, or creates one when its token is empty; its token.
    ///
    /// # Errors
    /// Of the device.
    pub async fn put_osd(&self, camera: CameraId, mut osd: Osd) -> Result<String, Problem> {
        let reached = self.ground.reach(camera).await?;
        osd.source_configuration = reached.osd_configuration().await?;
        let mut failure = None;
        for version in reached.osd_services() {
            let done = if osd.token.is_empty() {
                reached.client().call(&CreateOsd { version, osd: osd.clone() }).await
            } else {
                reached.client().call(&SetOsd { version, osd: osd.clone() }).await.map(|()| osd.token.clone())
            };
            match done {
                Ok(token) => return Ok(token),
                // Only what the service does not know at all is tried at the other: twice created is two overlays.
                Err(error) if error.kind() == ErrorKind::Unsupported => failure = Some(worse(failure, error)),
                Err(error) => return Err(refused(error)),
            }
        }
        Err(reached.no_osds(failure))
    }

    /// # Errors
    /// Of the device.
    pub async fn remove_osd(&self, camera: CameraId, token: String) -> Result<(), Problem> {
        let reached = self.ground.reach(camera).await?;
        let mut failure = None;
        for version in reached.osd_services() {
            match reached.client().call(&DeleteOsd { version, token: token.clone() }).await {
                Ok(()) => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Unsupported => failure = Some(worse(failure, error)),
                Err(error) => return Err(refused(error)),
            }
        }
        Err(reached.no_osds(failure))
    }
}

impl Reached {
    /// The newer service first; some have overlays in the older one alone.
    fn osd_services(&self) -> Vec<MediaVersion> {
        let services = self.client().services();
        let versions = [(Service::Media2, MediaVersion::Media2), (Service::Media, MediaVersion::Media)];
        versions.into_iter().filter(|(service, _)| services.has(service)).map(|(_, version)| version).collect()
    }

    async fn osd_configuration(&self) -> Result<String, Problem> {
        let known = self.link.snapshot().profiles;
        let source = self.camera.source_token.as_deref().unwrap_or_default();
        let of = |profiles: &[watchwall_onvif::operations::Profile]| {
            let shown = profiles.iter().filter_map(|profile| profile.source.as_ref());
            shown.into_iter().find(|shown| shown.source_token == source).map(|shown| shown.token.clone())
        };
        if let Some(token) = of(&known) {
            return Ok(token);
        }
        of(&self.profiles().await?).ok_or_else(|| self.no_osds(None))
    }

    fn no_osds(&self, failure: Option<OnvifError>) -> Problem {
        let unsupported = || {
            Problem::new(ErrorCode::OperationUnsupported).with("host", &self.camera.host).with("operation", "GetOSDs")
        };
        failure.map_or_else(unsupported, refused)
    }
}

/// A refusal says more than "no such thing".
fn worse(first: Option<OnvifError>, second: OnvifError) -> OnvifError {
    match first {
        Some(first) if first.kind() != ErrorKind::Unsupported => first,
        _ => second,
    }
}

/// What a device lists as allowed is checked here: many take anything and show nothing of it.
fn check(settings: &ImagingSettings, options: &ImagingOptions) -> Result<(), Problem> {
    let spans = [
        ("brightness", settings.brightness, options.brightness),
        ("saturation", settings.saturation, options.saturation),
        ("contrast", settings.contrast, options.contrast),
        ("sharpness", settings.sharpness, options.sharpness),
    ];
    for (field, value, span) in spans {
        let (Some(value), Some(span)) = (value, span) else { continue };
        if !span.contains(value) {
            return Err(out_of_range(field, &format!("{} to {}", span.min, span.max)));
        }
    }
    let modes = [
        ("exposure_mode", &settings.exposure_mode, &options.exposure_modes),
        ("ir_cut_filter", &settings.ir_cut_filter, &options.ir_cut_filter_modes),
        ("focus_mode", &settings.focus_mode, &options.focus_modes),
        ("wide_dynamic_range_mode", &settings.wide_dynamic_range_mode, &options.wide_dynamic_range_modes),
        ("white_balance_mode", &settings.white_balance_mode, &options.white_balance_modes),
    ];
    for (field, value, allowed) in modes {
        let Some(value) = value else { continue };
        if !allowed.is_empty() && !allowed.contains(value) {
            return Err(out_of_range(field, &allowed.join(", ")));
        }
    }
    Ok(())
}

/// `request_invalid`, with what is allowed.
pub(super) fn out_of_range(field: &str, allowed: &str) -> Problem {
    Problem::new(ErrorCode::RequestInvalid).with("field", field).with("reason", allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchwall_onvif::operations::Span;

    #[test]
    fn values_are_held_against_what_the_device_lists() {
        let options = ImagingOptions {
            brightness: Some(Span { min: 0.0, max: 100.0 }),
            ir_cut_filter_modes: vec!["ON".into(), "AUTO".into()],
            ..ImagingOptions::default()
        };
        let check = |settings: ImagingSettings, expect: Option<&str>| {
            let refused = check(&settings, &options).err();
            assert_eq!(
                refused.as_ref().and_then(|p| p.params.get("field")).map(String::as_str),
                expect,
                "{settings:?}"
            );
        };
        check(ImagingSettings { brightness: Some(50.0), ..ImagingSettings::default() }, None);
        check(ImagingSettings { brightness: Some(101.0), ..ImagingSettings::default() }, Some("brightness"));
        check(
            ImagingSettings { ir_cut_filter: Some("OFF".into()), ..ImagingSettings::default() },
            Some("ir_cut_filter"),
        );
        // Not listed: the device decides.
        check(
            ImagingSettings { contrast: Some(1e9), focus_mode: Some("X".into()), ..ImagingSettings::default() },
            None,
        );
    }
}
