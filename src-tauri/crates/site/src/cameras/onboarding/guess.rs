//! A brand's usual stream addresses, tried one after the other.

use super::{
    examine::Examiner,
    examined::{ExaminedChannel, ExaminedStream},
    step::problem_of,
    template,
};
use watchwall_media::ingest::ProbeReport;
use watchwall_model::{Credentials, DeviceEndpoint, DeviceKey, ErrorCode, Problem, SafeUrl, StreamRole};

/// Channels of a recorder that are looked for by template.
const MOST_TEMPLATE_CHANNELS: u32 = 32;

impl Examiner {
    /// Tries a brand's usual addresses. A refused login ends it: no password is tried on a second address.
    pub(super) async fn by_template(
        &self,
        vendor: Option<&str>,
        at: &DeviceEndpoint,
        credentials: Option<&Credentials>,
        is_recorder: bool,
    ) -> Result<Vec<ExaminedChannel>, Problem> {
        let key = at.key();
        let mut first_failure = None;
        for candidate in template::candidates(vendor, &at.host) {
            let main = candidate.main(1)?;
            match self.probe(&main, credentials, &key).await {
                Err(failure) if template::may_go_on(failure.code) => first_failure = first_failure.or(Some(failure)),
                Err(failure) => return Err(problem_of(&failure)),
                Ok(report) => {
                    let sub = candidate.sub(1);
                    let mut channels = vec![self.template_channel(1, main, report, sub, credentials, &key).await];
                    let more = if is_recorder && candidate.has_channels() { MOST_TEMPLATE_CHANNELS } else { 1 };
                    for number in 2..=more {
                        let main = candidate.main(number)?;
                        let Ok(report) = self.probe(&main, credentials, &key).await else { break };
                        let sub = candidate.sub(number);
                        channels.push(self.template_channel(number, main, report, sub, credentials, &key).await);
                    }
                    return Ok(channels);
                }
            }
        }
        let problem = first_failure.map_or_else(|| Problem::new(ErrorCode::NoVideo), |failure| failure.problem());
        Err(problem.with("host", &at.host).suggesting(watchwall_onvif::Suggestion::UseStreamAddress.as_str()))
    }

    async fn template_channel(
        &self,
        number: u32,
        main: SafeUrl,
        report: Box<ProbeReport>,
        sub: Option<SafeUrl>,
        credentials: Option<&Credentials>,
        key: &DeviceKey,
    ) -> ExaminedChannel {
        let mut streams = vec![ExaminedStream::bare(StreamRole::Main, main, report)];
        // A guessed sub stream that is not there is no failure of the device.
        if let Some(url) = sub
            && let Ok(report) = self.probe(&url, credentials, key).await
        {
            streams.push(ExaminedStream::bare(StreamRole::Sub, url, report));
        }
        ExaminedChannel::bare(number, streams)
    }
}
