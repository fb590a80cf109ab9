//! What a sound encoder may be set to.

use super::encoder::audio_codec;
use watchwall_model::AudioCodec;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetAudioEncoderConfigurationOptions {
    pub configuration: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AudioOption {
    pub codec: AudioCodec,
    pub bitrates_kbps: Vec<u32>,
    pub sample_rates_khz: Vec<u32>,
}

operation! {
    GetAudioEncoderConfigurationOptions "GetAudioEncoderConfigurationOptions" of Media -> Vec<AudioOption> {}
    write(self, body) { body.leaf_if("ConfigurationToken", self.configuration.as_ref()); }
    read(self, answer) {
        let outer = answer.child("Options").unwrap_or(answer);
        let options = outer.children("Options").filter_map(|node| {
            let list = |name: &str| {
                let list = node.child(name);
                list.into_iter().flat_map(|list| list.children("Items")).filter_map(|item| item.text().parse().ok()).collect()
            };
            Some(AudioOption {
                codec: audio_codec(node.text_of("Encoding")?),
                bitrates_kbps: list("BitrateList"),
                sample_rates_khz: list("SampleRateList"),
            })
        });
        Ok(options.collect())
    }
}
