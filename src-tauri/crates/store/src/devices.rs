//! Table `devices`, and storing a device together with its cameras.

use crate::{
    Page, PageRequest, Store, StoreError,
    cameras::free_channel,
    row::{column, deleted, from_json, to_json, untouched},
};
use sqlx::{SqliteConnection, sqlite::SqliteRow};
use watchwall_model::{
    Camera, Credentials, Device, DeviceEndpoint, DeviceFacts, DeviceId, GroupId, IngestEngine, Problem, SafeUrl,
    Secret, StreamFacts, StreamFailure, StreamRole, Transport, UtcMillis,
};

const ALL: &str = "SELECT * FROM devices ORDER BY host, port";
const ONE: &str = "SELECT * FROM devices WHERE id = ?1";
const ALIKE: &str = "SELECT * FROM devices WHERE (host = ?1 AND port = ?2) OR (serial <> '' AND serial = ?3) \
     OR endpoint = ?4 COLLATE NOCASE ORDER BY id";
const INSERT: &str = "INSERT INTO devices (host, port, tls, path, username, password, manufacturer, model, firmware, \
     serial, hardware_id, vendor, name, endpoint, macs, login, clock_offset_ms, services, profiles, created_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
const UPDATE: &str = "UPDATE devices SET host = ?1, port = ?2, tls = ?3, path = ?4, username = ?5, password = ?6, \
     manufacturer = ?7, model = ?8, firmware = ?9, serial = ?10, hardware_id = ?11, vendor = ?12, name = ?13, \
     endpoint = ?14, macs = ?15, login = ?16, clock_offset_ms = ?17, services = ?18, profiles = ?19, \
     version = version + 1 WHERE id = ?20 AND version = ?21";
const SET_FACTS: &str = "UPDATE devices SET manufacturer = ?1, model = ?2, firmware = ?3, serial = ?4, hardware_id = ?5, \
    vendor = ?6, name = ?7, endpoint = ?8, macs = ?9, login = ?10, clock_offset_ms = ?11, services = ?12, profiles = ?13 \
    WHERE id = ?14";
const SET_CLOCK_OFFSET: &str = "UPDATE devices SET clock_offset_ms = ?1 WHERE id = ?2";
const DELETE: &str = "DELETE FROM devices WHERE id = ?1";
const DELETE_EMPTY: &str =
    "DELETE FROM devices WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM cameras WHERE device_id = ?1)";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[ALL, ONE, ALIKE, INSERT, UPDATE, SET_FACTS, SET_CLOCK_OFFSET, DELETE, DELETE_EMPTY];

/// A device to be stored.
#[derive(Clone, Debug)]
pub struct NewDeviceRow {
    pub at: DeviceEndpoint,
    pub credentials: Option<Credentials>,
    pub facts: DeviceFacts,
}

/// A channel of a device, to be stored as a camera.
#[derive(Clone, Debug)]
pub struct NewChannelRow {
    /// `None` names it after host and channel.
    pub name: Option<String>,
    pub group: Option<GroupId>,
    /// From 1. Where another camera of the host has the number, the next free one is taken.
    pub channel: u32,
    pub enabled: bool,
    pub source_token: Option<String>,
    pub ptz_profile: Option<String>,
    pub streams: Vec<NewStreamRow>,
}

/// A stream of a channel, whether or not it could be had.
#[derive(Clone, Debug)]
pub struct NewStreamRow {
    pub role: StreamRole,
    pub url: SafeUrl,
    pub profile: Option<String>,
    pub engine: IngestEngine,
    pub transport: Transport,
    pub facts: Option<StreamFacts>,
    pub engine_in_use: Option<IngestEngine>,
    pub failure: Option<StreamFailure>,
    pub is_invalid_after_reboot: bool,
}

/// What a device's cameras share.
#[derive(Clone, Copy)]
pub(crate) struct ChannelPlace<'a> {
    pub host: &'a str,
    pub credentials: Option<&'a Credentials>,
}

pub struct DeviceTable<'a> {
    pub(crate) store: &'a Store,
}

impl DeviceTable<'_> {
    /// Every device by address.
    pub async fn all(&self) -> Result<Vec<Device>, StoreError> {
        let rows = sqlx::query(ALL).fetch_all(self.store.reader()).await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    /// One page by address. `search` looks into name, address, maker, model and serial number.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<Device>, Problem> {
        let mut devices = self.all().await?;
        if let Some(search) = request.search.as_deref().map(str::to_lowercase).filter(|s| !s.is_empty()) {
            devices.retain(|device| {
                let facts = &device.facts;
                let name = facts.name.as_deref().unwrap_or_default();
                [&device.at.host, &facts.manufacturer, &facts.model, &facts.serial, name]
                    .iter()
                    .any(|text| text.to_lowercase().contains(&search))
            });
        }
        let key = |device: &Device| format!("{}\u{0}{:05}\u{0}{:012}", device.at.host, device.at.port, device.id.0);
        devices.sort_by_key(key);
        if request.descending {
            devices.reverse();
        }
        request.cut(devices, key)
    }

    pub async fn get(&self, id: DeviceId) -> Result<Option<Device>, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(self.store.reader()).await?;
        row.as_ref().map(|row| self.read(row)).transpose()
    }

    /// Devices that may be this one: by address, serial number or endpoint reference. The caller decides.
    pub async fn alike(&self, at: &DeviceEndpoint, facts: &DeviceFacts) -> Result<Vec<Device>, StoreError> {
        let rows = sqlx::query(ALIKE)
            .bind(&at.host)
            .bind(i64::from(at.port))
            .bind(&facts.serial)
            .bind(facts.endpoint.as_deref().filter(|endpoint| !endpoint.is_empty()))
            .fetch_all(self.store.reader())
            .await?;
        rows.iter().map(|row| self.read(row)).collect()
    }

    /// Stores a device with all its cameras, or nothing.
    ///
    /// # Errors
    /// [`StoreError::DeviceExists`] when address and port are taken.
    pub async fn insert(
        &self,
        new: &NewDeviceRow,
        channels: &[NewChannelRow],
    ) -> Result<(Device, Vec<Camera>), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let facts = Columns::of(&new.facts)?;
        let inserted = sqlx::query(INSERT)
            .bind(&new.at.host)
            .bind(i64::from(new.at.port))
            .bind(new.at.is_tls)
            .bind(&new.at.path)
            .bind(new.credentials.as_ref().map(|c| c.username.clone()))
            .bind(self.seal(new.credentials.as_ref())?)
            .bind(&new.facts.manufacturer)
            .bind(&new.facts.model)
            .bind(&new.facts.firmware)
            .bind(&new.facts.serial)
            .bind(&new.facts.hardware_id)
            .bind(new.facts.vendor.as_deref())
            .bind(new.facts.name.as_deref())
            .bind(new.facts.endpoint.as_deref())
            .bind(facts.macs)
            .bind(new.facts.login.as_deref())
            .bind(new.facts.clock_offset_ms)
            .bind(facts.services)
            .bind(facts.profiles)
            .bind(UtcMillis::now().0)
            .execute(&mut *transaction)
            .await
            .map_err(device_exists)?;
        let id = DeviceId(inserted.last_insert_rowid());
        let place = ChannelPlace { host: &new.at.host, credentials: new.credentials.as_ref() };
        let mut cameras = Vec::with_capacity(channels.len());
        for channel in channels {
            cameras.push(self.store.cameras().insert_channel(&mut transaction, Some(id), place, channel).await?);
        }
        let device = self.get_on(&mut transaction, id).await?;
        transaction.commit().await?;
        Ok((device, cameras))
    }

    /// Stores cameras that belong to no device, or none of them.
    ///
    /// # Errors
    /// Of the database.
    pub async fn insert_plain(
        &self,
        host: &str,
        credentials: Option<&Credentials>,
        channels: &[NewChannelRow],
    ) -> Result<Vec<Camera>, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let mut cameras = Vec::with_capacity(channels.len());
        for channel in channels {
            let place = ChannelPlace { host, credentials };
            cameras.push(self.store.cameras().insert_channel(&mut transaction, None, place, channel).await?);
        }
        transaction.commit().await?;
        Ok(cameras)
    }

    /// Replaces a device and those of its cameras that are given, and adds new channels, all or nothing. Versions of
    /// device and cameras must be as they were read. A camera whose host changes keeps its paths; its channel is the next
    /// free one when another camera of the new host has it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`], [`StoreError::DeviceExists`].
    pub async fn update(
        &self,
        device: &Device,
        cameras: &[Camera],
        new: &[NewChannelRow],
    ) -> Result<(Device, Vec<Camera>), StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let columns = Columns::of(&device.facts)?;
        let changed = sqlx::query(UPDATE)
            .bind(&device.at.host)
            .bind(i64::from(device.at.port))
            .bind(device.at.is_tls)
            .bind(&device.at.path)
            .bind(device.credentials.as_ref().map(|c| c.username.clone()))
            .bind(self.seal(device.credentials.as_ref())?)
            .bind(&device.facts.manufacturer)
            .bind(&device.facts.model)
            .bind(&device.facts.firmware)
            .bind(&device.facts.serial)
            .bind(&device.facts.hardware_id)
            .bind(device.facts.vendor.as_deref())
            .bind(device.facts.name.as_deref())
            .bind(device.facts.endpoint.as_deref())
            .bind(columns.macs)
            .bind(device.facts.login.as_deref())
            .bind(device.facts.clock_offset_ms)
            .bind(columns.services)
            .bind(columns.profiles)
            .bind(device.id.0)
            .bind(device.version)
            .execute(&mut *transaction)
            .await
            .map_err(device_exists)?;
        if changed.rows_affected() == 0 {
            let row = sqlx::query(ONE).bind(device.id.0).fetch_optional(&mut *transaction).await?;
            return Err(untouched("device", row));
        }
        let table = self.store.cameras();
        let mut stored = Vec::new();
        for camera in cameras {
            let mut camera = camera.clone();
            let is_moved = table.host_on(&mut transaction, camera.id).await?.is_some_and(|host| host != camera.host);
            if is_moved {
                // Its paths stay, so no role asks for a free one.
                camera.channel = free_channel(&mut transaction, &camera.host, camera.channel, &[]).await?;
            }
            stored.push(table.update_on(&mut transaction, &camera, camera.version).await?);
        }
        let place = ChannelPlace { host: &device.at.host, credentials: device.credentials.as_ref() };
        for channel in new {
            stored.push(table.insert_channel(&mut transaction, Some(device.id), place, channel).await?);
        }
        let device = self.get_on(&mut transaction, device.id).await?;
        transaction.commit().await?;
        Ok((device, stored))
    }

    /// Notes what the device tells of itself; no change of the configuration.
    pub async fn set_facts(&self, id: DeviceId, facts: &DeviceFacts) -> Result<(), StoreError> {
        let columns = Columns::of(facts)?;
        let changed = sqlx::query(SET_FACTS)
            .bind(&facts.manufacturer)
            .bind(&facts.model)
            .bind(&facts.firmware)
            .bind(&facts.serial)
            .bind(&facts.hardware_id)
            .bind(facts.vendor.as_deref())
            .bind(facts.name.as_deref())
            .bind(facts.endpoint.as_deref())
            .bind(columns.macs)
            .bind(facts.login.as_deref())
            .bind(facts.clock_offset_ms)
            .bind(columns.services)
            .bind(columns.profiles)
            .bind(id.0);
        changed.execute(self.store.writer()).await?;
        Ok(())
    }

    /// Notes how far the device's clock is ahead; no change of the configuration.
    pub async fn set_clock_offset(&self, id: DeviceId, offset_ms: Option<i64>) -> Result<(), StoreError> {
        sqlx::query(SET_CLOCK_OFFSET).bind(offset_ms).bind(id.0).execute(self.store.writer()).await?;
        Ok(())
    }

    /// Forgets a device and its cameras; recordings stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: DeviceId) -> Result<(), StoreError> {
        deleted("device", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }

    /// Forgets a device when it has no camera any more.
    pub async fn delete_if_empty(&self, id: DeviceId) -> Result<(), StoreError> {
        sqlx::query(DELETE_EMPTY).bind(id.0).execute(self.store.writer()).await?;
        Ok(())
    }

    async fn get_on(&self, connection: &mut SqliteConnection, id: DeviceId) -> Result<Device, StoreError> {
        let row = sqlx::query(ONE).bind(id.0).fetch_optional(connection).await?;
        self.read(&row.ok_or(StoreError::NotFound { what: "device" })?)
    }

    fn seal(&self, credentials: Option<&Credentials>) -> Result<Option<Vec<u8>>, StoreError> {
        credentials.map(|credentials| self.store.seal().seal(&credentials.password)).transpose()
    }

    fn read(&self, row: &SqliteRow) -> Result<Device, StoreError> {
        let id: i64 = column(row, "id")?;
        let username: Option<String> = column(row, "username")?;
        let sealed: Option<Vec<u8>> = column(row, "password")?;
        let credentials = username.zip(sealed).map(|(username, sealed)| {
            // One password that cannot be opened must not take every device with it.
            let password = self.store.seal().open_sealed(&sealed).unwrap_or_else(|error| {
                tracing::error!(device.id = id, %error, "a device's password cannot be opened; enter it again");
                Secret::default()
            });
            Credentials { username, password }
        });
        let json = |name: &str| -> Result<String, StoreError> { column(row, name) };
        Ok(Device {
            id: DeviceId(id),
            at: DeviceEndpoint {
                host: column(row, "host")?,
                port: column(row, "port")?,
                is_tls: column(row, "tls")?,
                path: column(row, "path")?,
            },
            credentials,
            facts: DeviceFacts {
                manufacturer: column(row, "manufacturer")?,
                model: column(row, "model")?,
                firmware: column(row, "firmware")?,
                serial: column(row, "serial")?,
                hardware_id: column(row, "hardware_id")?,
                vendor: column(row, "vendor")?,
                name: column(row, "name")?,
                endpoint: column(row, "endpoint")?,
                macs: from_json("macs", &json("macs")?)?,
                login: column(row, "login")?,
                clock_offset_ms: column(row, "clock_offset_ms")?,
                services: from_json("services", &json("services")?)?,
                profiles: from_json("profiles", &json("profiles")?)?,
            },
            version: column(row, "version")?,
            created_at: UtcMillis(column(row, "created_at")?),
        })
    }
}

/// The lists, as they are stored.
struct Columns {
    macs: String,
    services: String,
    profiles: String,
}

impl Columns {
    fn of(facts: &DeviceFacts) -> Result<Self, StoreError> {
        Ok(Self {
            macs: to_json("macs", &facts.macs)?,
            services: to_json("services", &facts.services)?,
            profiles: to_json("profiles", &facts.profiles)?,
        })
    }
}

fn device_exists(error: sqlx::Error) -> StoreError {
    if StoreError::is_unique_violation(&error) { StoreError::DeviceExists } else { error.into() }
}
