//! Settings of the picture. What a device does not list is left alone.

use crate::{
    operations::Span,
    soap::{Gap, Xml},
    tree::Node,
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetImagingSettings {
    pub source: String,
}

/// Modes are the standard's words: `ON`, `OFF`, `AUTO`, `MANUAL`; others are kept as written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImagingSettings {
    pub backlight_mode: Option<String>,
    pub backlight_level: Option<f32>,
    pub brightness: Option<f32>,
    pub saturation: Option<f32>,
    pub contrast: Option<f32>,
    pub exposure_mode: Option<String>,
    /// Microseconds.
    pub exposure_time: Option<f32>,
    pub gain: Option<f32>,
    pub iris: Option<f32>,
    pub focus_mode: Option<String>,
    /// `ON` lets infrared out: day.
    pub ir_cut_filter: Option<String>,
    pub sharpness: Option<f32>,
    pub wide_dynamic_range_mode: Option<String>,
    pub wide_dynamic_range_level: Option<f32>,
    pub white_balance_mode: Option<String>,
}

operation! {
    GetImagingSettings "GetImagingSettings" of Imaging -> ImagingSettings {}
    write(self, body) { body.leaf("VideoSourceToken", &self.source); }
    read(self, answer) {
        let settings = answer.child("ImagingSettings").ok_or(Gap("ImagingSettings"))?;
        let mode = |node: &str, name: &str| settings.child(node)?.text_of(name).map(ToOwned::to_owned);
        let level = |node: &str, name: &str| settings.child(node)?.number_of(name);
        Ok(ImagingSettings {
            backlight_mode: mode("BacklightCompensation", "Mode"),
            backlight_level: level("BacklightCompensation", "Level"),
            brightness: settings.number_of("Brightness"),
            saturation: settings.number_of("ColorSaturation"),
            contrast: settings.number_of("Contrast"),
            exposure_mode: mode("Exposure", "Mode"),
            exposure_time: level("Exposure", "ExposureTime"),
            gain: level("Exposure", "Gain"),
            iris: level("Exposure", "Iris"),
            focus_mode: mode("Focus", "AutoFocusMode"),
            ir_cut_filter: settings.text_of("IrCutFilter").map(ToOwned::to_owned),
            sharpness: settings.number_of("Sharpness"),
            wide_dynamic_range_mode: mode("WideDynamicRange", "Mode"),
            wide_dynamic_range_level: level("WideDynamicRange", "Level"),
            white_balance_mode: mode("WhiteBalance", "Mode"),
        })
    }
}

/// Changes what is given; the rest stays.
#[derive(Clone, Debug, PartialEq)]
pub struct SetImagingSettings {
    pub source: String,
    pub settings: ImagingSettings,
}

operation! {
    SetImagingSettings "SetImagingSettings" of Imaging {}
    write(self, body) {
        let settings = &self.settings;
        body.leaf("VideoSourceToken", &self.source).parent("ImagingSettings", |body| {
            moded(body, "tt:BacklightCompensation", settings.backlight_mode.as_ref(), settings.backlight_level);
            body.leaf_if("tt:Brightness", settings.brightness)
                .leaf_if("tt:ColorSaturation", settings.saturation)
                .leaf_if("tt:Contrast", settings.contrast);
            if let Some(mode) = &settings.exposure_mode {
                body.parent("tt:Exposure", |body| {
                    body.leaf("tt:Mode", mode)
                        .leaf_if("tt:ExposureTime", settings.exposure_time)
                        .leaf_if("tt:Gain", settings.gain)
                        .leaf_if("tt:Iris", settings.iris);
                });
            }
            if let Some(mode) = &settings.focus_mode {
                body.parent("tt:Focus", |body| {
                    body.leaf("tt:AutoFocusMode", mode);
                });
            }
            body.leaf_if("tt:IrCutFilter", settings.ir_cut_filter.as_ref()).leaf_if("tt:Sharpness", settings.sharpness);
            let range = settings.wide_dynamic_range_level;
            moded(body, "tt:WideDynamicRange", settings.wide_dynamic_range_mode.as_ref(), range);
            moded(body, "tt:WhiteBalance", settings.white_balance_mode.as_ref(), None);
        });
        body.leaf("ForcePersistence", true);
    }
}

fn moded(body: &mut Xml, name: &str, mode: Option<&String>, level: Option<f32>) {
    if let Some(mode) = mode {
        body.parent(name, |body| {
            body.leaf("tt:Mode", mode).leaf_if("tt:Level", level);
        });
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetImagingOptions {
    pub source: String,
}

/// What the settings may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ImagingOptions {
    pub brightness: Option<Span<f32>>,
    pub saturation: Option<Span<f32>>,
    pub contrast: Option<Span<f32>>,
    pub sharpness: Option<Span<f32>>,
    pub exposure_modes: Vec<String>,
    /// Limits of the shutter in microseconds: the standard lists a range for each end.
    pub min_exposure_time: Option<Span<f32>>,
    pub max_exposure_time: Option<Span<f32>>,
    pub ir_cut_filter_modes: Vec<String>,
    pub focus_modes: Vec<String>,
    pub wide_dynamic_range_modes: Vec<String>,
    pub white_balance_modes: Vec<String>,
}

operation! {
    GetImagingOptions "GetOptions" of Imaging -> ImagingOptions {}
    write(self, body) { body.leaf("VideoSourceToken", &self.source); }
    read(self, answer) {
        let options = answer.child("ImagingOptions").ok_or(Gap("ImagingOptions"))?;
        let texts = |node: Option<Node<'_>>, name: &str| -> Vec<String> {
            node.into_iter().flat_map(|node| node.children(name)).map(|item| item.text().to_owned()).collect()
        };
        let exposure = options.child("Exposure");
        Ok(ImagingOptions {
            brightness: Span::read(options, "Brightness"),
            saturation: Span::read(options, "ColorSaturation"),
            contrast: Span::read(options, "Contrast"),
            sharpness: Span::read(options, "Sharpness"),
            exposure_modes: texts(exposure, "Mode"),
            min_exposure_time: exposure.and_then(|exposure| Span::read(exposure, "MinExposureTime")),
            max_exposure_time: exposure.and_then(|exposure| Span::read(exposure, "MaxExposureTime")),
            ir_cut_filter_modes: texts(Some(options), "IrCutFilterModes"),
            focus_modes: texts(options.child("Focus"), "AutoFocusModes"),
            wide_dynamic_range_modes: texts(options.child("WideDynamicRange"), "Mode"),
            white_balance_modes: texts(options.child("WhiteBalance"), "Mode"),
        })
    }
}
