//! A device's clock and its time servers.

use super::{Control, handle::refused};
use watchwall_model::{DeviceId, ErrorCode, Problem, UtcMillis};
use watchwall_onvif::{
    Client, OnvifError,
    operations::{GetNtp, GetSystemDateAndTime, NtpServers, SetNtp, SetSystemDateAndTime, SystemClock, TimeSource},
};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClockFacts {
    /// What it shows now; `None` when it shows no time.
    pub shown: Option<UtcMillis>,
    /// How far it is ahead of ours.
    pub offset_ms: Option<i64>,
    pub is_by_ntp: bool,
    /// As the device writes it.
    pub time_zone: String,
    pub has_daylight_savings: bool,
    /// Minutes its local time is ahead of UTC.
    pub zone_minutes: Option<i64>,
    /// `None` where it does not tell.
    pub ntp: Option<NtpServers>,
}

/// Who is to set the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClockOrder {
    /// Us, now. The time zone stays.
    Ours,
    /// Time servers; `None` keeps those it has.
    Ntp { from_dhcp: bool, servers: Option<Vec<String>> },
}

impl Control {
    /// # Errors
    /// Of the device.
    pub async fn clock(&self, device: DeviceId) -> Result<ClockFacts, Problem> {
        let link = self.ground.link(device).await?;
        read_clock(link.client()).await.map_err(refused)
    }

    /// Sets the clock or hands it to time servers; how it stands then.
    ///
    /// # Errors
    /// Of the device.
    pub async fn set_clock(&self, device: DeviceId, order: ClockOrder) -> Result<ClockFacts, Problem> {
        let link = self.ground.link(device).await?;
        let facts = set_clock_of(link.client(), order).await?;
        if let Some(offset) = facts.offset_ms {
            self.ground.store.devices().set_clock_offset(device, Some(offset)).await?;
        }
        Ok(facts)
    }
}

/// The same for a device that is not stored.
pub(in crate::cameras) async fn set_clock_of(client: &Client, order: ClockOrder) -> Result<ClockFacts, Problem> {
    let clock = client.call(&GetSystemDateAndTime).await.map_err(refused)?;
    match order {
        ClockOrder::Ours => set_now(client, &clock).await.map_err(refused)?,
        ClockOrder::Ntp { from_dhcp, servers } => {
            if let Some(servers) = servers {
                check_servers(&servers, from_dhcp)?;
                let servers = NtpServers { from_dhcp, manual: servers };
                client.call(&SetNtp(servers)).await.map_err(refused)?;
            }
            set(client, &clock, None).await.map_err(refused)?;
        }
    }
    read_clock(client).await.map_err(refused)
}

/// A device's clock as it is now.
pub(in crate::cameras) async fn read_clock(client: &Client) -> Result<ClockFacts, OnvifError> {
    let (clock, offset_ms) = watchwall_onvif::read_clock(client).await?;
    Ok(ClockFacts {
        shown: clock.shown(),
        offset_ms,
        is_by_ntp: clock.source == TimeSource::Ntp,
        zone_minutes: clock.zone_minutes(),
        has_daylight_savings: clock.has_daylight_savings,
        time_zone: clock.time_zone,
        ntp: client.call(&GetNtp).await.ok(),
    })
}

/// Devices take whole seconds: ours is rounded to the nearest, so that none is off by more than half of one.
async fn set_now(client: &Client, clock: &SystemClock) -> Result<(), OnvifError> {
    let now = UtcMillis::now().saturating_add_ms(500);
    set(client, clock, Some(UtcMillis(now.0.div_euclid(1000) * 1000))).await
}

/// The zone is sent back as the device wrote it; one it will not take back itself is left out.
async fn set(client: &Client, clock: &SystemClock, manual: Option<UtcMillis>) -> Result<(), OnvifError> {
    let time_zone = Some(clock.time_zone.clone()).filter(|zone| !zone.is_empty());
    let has_zone = time_zone.is_some();
    let request = SetSystemDateAndTime { manual, has_daylight_savings: clock.has_daylight_savings, time_zone };
    match client.call(&request).await {
        Err(error) if has_zone && error.fault_kind().is_some() => {
            client.call(&SetSystemDateAndTime { time_zone: None, ..request }).await
        }
        done => done,
    }
}

fn check_servers(servers: &[String], from_dhcp: bool) -> Result<(), Problem> {
    let is_name = |server: &String| {
        let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '_');
        !server.is_empty() && server.len() <= 253 && server.chars().all(is_word)
    };
    let is_well = servers.iter().all(is_name) && servers.len() <= 8 && (from_dhcp || !servers.is_empty());
    let refusal = || Problem::new(ErrorCode::RequestInvalid).with("field", "servers").with("reason", "not_a_name");
    is_well.then_some(()).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_servers_are_names_or_addresses() {
        let check = |servers: &[&str], from_dhcp, expect| {
            let servers: Vec<_> = servers.iter().map(|server| (*server).to_owned()).collect();
            assert_eq!(check_servers(&servers, from_dhcp).is_ok(), expect, "{servers:?}");
        };
        check(&["pool.example.org", "10.0.0.1", "fe80::1"], false, true);
        check(&[], true, true);
        check(&[], false, false);
        check(&["a b"], false, false);
        check(&[""], true, false);
    }
}
