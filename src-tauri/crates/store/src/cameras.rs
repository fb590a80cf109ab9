//! Tables `cameras` and `streams`.

use crate::{
    Page, PageRequest, Store, StoreError,
    devices::{ChannelPlace, NewChannelRow},
    row::{column, deleted, from_json, from_word, list, to_json, untouched, word},
};
use sqlx::{Row, SqliteConnection, sqlite::SqliteRow};
use std::collections::{BTreeMap, HashMap};
use watchwall_model::{
    Camera, CameraId, Credentials, DeviceId, GroupId, IngestEngine, Problem, SafeUrl, Secret, Stream, StreamFacts,
    StreamFailure, StreamPath, StreamRole, Transport, UtcMillis,
};

const ALL: &str = "SELECT * FROM cameras ORDER BY name COLLATE NOCASE, id";
const ONE: &str = "SELECT * FROM cameras WHERE id = ?1";
const STREAMS: &str = "SELECT * FROM streams ORDER BY camera_id, role";
const STREAMS_OF: &str = "SELECT * FROM streams WHERE camera_id = ?1 ORDER BY role";
const IDS_BY_PATHS: &str = "SELECT path, camera_id FROM streams WHERE path IN (SELECT value FROM json_each(?1))";
const ID_BY_PATH: &str = "SELECT camera_id FROM streams WHERE path = ?1";
const ID_BY_URL: &str = "SELECT camera_id FROM streams WHERE url = ?1 LIMIT 1";
const NEXT_CHANNEL: &str = "SELECT COALESCE(MAX(channel), 0) + 1 FROM cameras WHERE host = ?1";
const INSERT: &str = "INSERT INTO cameras (name, host, channel, group_id, enabled, username, password, created_at, \
     device_id, source_token, ptz_profile) VALUES (?1, ?2, ?3, ?4, ?11, ?5, ?6, ?7, ?8, ?9, ?10)";
const INSERT_STREAM: &str = "INSERT INTO streams (path, camera_id, role, url, engine, transport, facts, engine_in_use, \
     profile, failure, is_invalid_after_reboot) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const UPDATE: &str = "UPDATE cameras SET name = ?1, group_id = ?2, enabled = ?3, username = ?4, password = ?5, \
     host = ?8, channel = ?9, device_id = ?10, source_token = ?11, ptz_profile = ?12, \
     version = version + 1 WHERE id = ?6 AND version = ?7";
const OF_DEVICE: &str = "SELECT id FROM cameras WHERE device_id = ?1 ORDER BY channel";
const HOST: &str = "SELECT host FROM cameras WHERE id = ?1";
const OWNER_OF_CHANNEL: &str = "SELECT id FROM cameras WHERE host = ?1 AND channel = ?2";
const DELETE_STREAMS: &str = "DELETE FROM streams WHERE camera_id = ?1";
const DELETE: &str = "DELETE FROM cameras WHERE id = ?1";
// What was seen is there: the reason why it was not is past.
const SET_FACTS: &str =
    "UPDATE streams SET facts = ?1, failure = CASE WHEN ?1 IS NULL THEN failure END WHERE path = ?2";
const SET_FAILURE: &str = "UPDATE streams SET failure = ?1 WHERE path = ?2";
const SET_ENGINE: &str = "UPDATE streams SET engine_in_use = ?1 WHERE path = ?2";
#[cfg(test)]
pub const STATEMENTS: &[&str] = &[
    ALL,
    ONE,
    STREAMS,
    STREAMS_OF,
    ID_BY_PATH,
    IDS_BY_PATHS,
    ID_BY_URL,
    NEXT_CHANNEL,
    INSERT,
    INSERT_STREAM,
    UPDATE,
    DELETE_STREAMS,
    DELETE,
    SET_FACTS,
    SET_FAILURE,
    OF_DEVICE,
    HOST,
    OWNER_OF_CHANNEL,
    SET_ENGINE,
];

/// A camera to be stored. Its channel and paths are chosen here: the next free channel of the host.
#[derive(Clone, Debug)]
pub struct NewCameraRow {
    /// `None` names it after host and channel.
    pub name: Option<String>,
    pub host: String,
    pub group: Option<GroupId>,
    pub credentials: Option<Credentials>,
    pub streams: Vec<(StreamRole, SafeUrl)>,
    pub engine: IngestEngine,
    pub transport: Transport,
}

pub struct CameraTable<'a> {
    pub(crate) store: &'a Store,
}

impl CameraTable<'_> {
    /// Every camera by name.
    pub async fn all(&self) -> Result<Vec<Camera>, StoreError> {
        let mut streams: BTreeMap<i64, Vec<Stream>> = BTreeMap::new();
        for row in sqlx::query(STREAMS).fetch_all(self.store.reader()).await? {
            streams.entry(column(&row, "camera_id")?).or_default().push(read_stream(&row)?);
        }
        let rows = sqlx::query(ALL).fetch_all(self.store.reader()).await?;
        rows.iter().map(|row| self.read(row, streams.remove(&column(row, "id")?).unwrap_or_default())).collect()
    }

    /// One page by name. `search` looks into name and host.
    pub async fn page(&self, request: &PageRequest) -> Result<Page<Camera>, Problem> {
        let mut cameras = self.all().await?;
        if let Some(search) = request.search.as_deref().map(str::to_lowercase).filter(|s| !s.is_empty()) {
            cameras.retain(|c| c.name.to_lowercase().contains(&search) || c.host.to_lowercase().contains(&search));
        }
        let key = |camera: &Camera| format!("{}\u{0}{:012}", camera.name.to_lowercase(), camera.id.0);
        cameras.sort_by_key(key);
        if request.descending {
            cameras.reverse();
        }
        request.cut(cameras, key)
    }

    pub async fn get(&self, id: CameraId) -> Result<Option<Camera>, StoreError> {
        let mut connection = self.store.reader().acquire().await?;
        self.get_on(&mut connection, id).await
    }

    pub async fn by_path(&self, path: &StreamPath) -> Result<Option<Camera>, StoreError> {
        let id: Option<i64> =
            sqlx::query_scalar(ID_BY_PATH).bind(path.as_str()).fetch_optional(self.store.reader()).await?;
        match id {
            Some(id) => self.get(CameraId(id)).await,
            None => Ok(None),
        }
    }

    /// The cameras of some streams; none for those that are gone.
    pub async fn ids_of(&self, paths: &[StreamPath]) -> Result<HashMap<StreamPath, CameraId>, StoreError> {
        let query = sqlx::query_as(IDS_BY_PATHS).bind(list(paths)?);
        let rows: Vec<(String, i64)> = query.fetch_all(self.store.reader()).await?;
        Ok(rows.into_iter().filter_map(|(path, id)| Some((StreamPath::parse(&path).ok()?, CameraId(id)))).collect())
    }

    /// A camera with a stream at this address.
    pub async fn by_url(&self, url: &SafeUrl) -> Result<Option<Camera>, StoreError> {
        let id: Option<i64> =
            sqlx::query_scalar(ID_BY_URL).bind(url.as_str()).fetch_optional(self.store.reader()).await?;
        match id {
            Some(id) => self.get(CameraId(id)).await,
            None => Ok(None),
        }
    }

    /// # Errors
    /// [`StoreError::CameraExists`] when another program took the channel or a path in the meantime.
    pub async fn insert(&self, new: NewCameraRow) -> Result<Camera, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let channel: i64 = sqlx::query_scalar(NEXT_CHANNEL).bind(&new.host).fetch_one(&mut *transaction).await?;
        let mut channel = u32::try_from(channel).map_err(|_| StoreError::Value { what: "channel".into() })?;
        // Hosts that are spelled differently can give the same path (`CAM.lan`, `cam_lan`).
        while path_is_taken(&mut transaction, &new, channel).await? {
            channel = channel.checked_add(1).ok_or(StoreError::CameraExists)?;
        }
        let name = new.name.unwrap_or_else(|| format!("{} #{channel}", new.host));
        let inserted = sqlx::query(INSERT)
            .bind(name)
            .bind(&new.host)
            .bind(i64::from(channel))
            .bind(new.group.map(|group| group.0))
            .bind(new.credentials.as_ref().map(|c| c.username.clone()))
            .bind(self.seal(new.credentials.as_ref())?)
            .bind(UtcMillis::now().0)
            .bind(None::<i64>)
            .bind(None::<String>)
            .bind(None::<String>)
            .bind(true)
            .execute(&mut *transaction)
            .await
            .map_err(camera_exists)?;
        let id = CameraId(inserted.last_insert_rowid());
        for (role, url) in new.streams {
            let path = StreamPath::for_camera(&new.host, channel, role);
            let stream = Stream {
                path,
                role,
                url,
                engine: new.engine,
                transport: new.transport,
                facts: None,
                engine_in_use: None,
                profile: None,
                failure: None,
                is_invalid_after_reboot: false,
            };
            insert_stream(&mut transaction, id, &stream).await?;
        }
        let camera = self.get_on(&mut transaction, id).await?.ok_or(StoreError::NotFound { what: "camera" })?;
        transaction.commit().await?;
        Ok(camera)
    }

    /// Replaces everything but its id, if the stored version is still `expected`. Paths stay as they are in `camera`.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::VersionConflict`], [`StoreError::CameraExists`].
    pub async fn update(&self, camera: &Camera, expected: i64) -> Result<Camera, StoreError> {
        let mut transaction = self.store.writer().begin().await?;
        let camera = self.update_on(&mut transaction, camera, expected).await?;
        transaction.commit().await?;
        Ok(camera)
    }

    /// The cameras of a device by channel.
    pub async fn of_device(&self, device: DeviceId) -> Result<Vec<Camera>, StoreError> {
        let mut connection = self.store.reader().acquire().await?;
        let ids: Vec<i64> = sqlx::query_scalar(OF_DEVICE).bind(device.0).fetch_all(&mut *connection).await?;
        let mut cameras = Vec::new();
        for id in ids {
            cameras.extend(self.get_on(&mut connection, CameraId(id)).await?);
        }
        Ok(cameras)
    }

    pub(crate) async fn host_on(
        &self,
        connection: &mut SqliteConnection,
        id: CameraId,
    ) -> Result<Option<String>, StoreError> {
        Ok(sqlx::query_scalar(HOST).bind(id.0).fetch_optional(connection).await?)
    }

    pub(crate) async fn update_on(
        &self,
        connection: &mut SqliteConnection,
        camera: &Camera,
        expected: i64,
    ) -> Result<Camera, StoreError> {
        let changed = sqlx::query(UPDATE)
            .bind(&camera.name)
            .bind(camera.group.map(|group| group.0))
            .bind(camera.enabled)
            .bind(camera.credentials.as_ref().map(|c| c.username.clone()))
            .bind(self.seal(camera.credentials.as_ref())?)
            .bind(camera.id.0)
            .bind(expected)
            .bind(&camera.host)
            .bind(i64::from(camera.channel))
            .bind(camera.device.map(|device| device.0))
            .bind(camera.source_token.as_deref())
            .bind(camera.ptz_profile.as_deref())
            .execute(&mut *connection)
            .await
            .map_err(camera_exists)?;
        if changed.rows_affected() == 0 {
            return Err(untouched(
                "camera",
                sqlx::query(ONE).bind(camera.id.0).fetch_optional(&mut *connection).await?,
            ));
        }
        sqlx::query(DELETE_STREAMS).bind(camera.id.0).execute(&mut *connection).await?;
        for stream in &camera.streams {
            insert_stream(connection, camera.id, stream).await?;
        }
        self.get_on(connection, camera.id).await?.ok_or(StoreError::NotFound { what: "camera" })
    }

    /// Stores one channel of a device within a transaction that stores the device. `wished` is taken when it is free.
    pub(crate) async fn insert_channel(
        &self,
        connection: &mut SqliteConnection,
        device: Option<DeviceId>,
        place: ChannelPlace<'_>,
        new: &NewChannelRow,
    ) -> Result<Camera, StoreError> {
        let roles: Vec<StreamRole> = new.streams.iter().map(|stream| stream.role).collect();
        let channel = free_channel(connection, place.host, new.channel, &roles).await?;
        let name = match &new.name {
            Some(name) => name.clone(),
            None => format!("{} #{channel}", place.host),
        };
        let inserted = sqlx::query(INSERT)
            .bind(name)
            .bind(place.host)
            .bind(i64::from(channel))
            .bind(new.group.map(|group| group.0))
            .bind(place.credentials.map(|c| c.username.clone()))
            .bind(self.seal(place.credentials)?)
            .bind(UtcMillis::now().0)
            .bind(device.map(|device| device.0))
            .bind(new.source_token.as_deref())
            .bind(new.ptz_profile.as_deref())
            .bind(new.enabled)
            .execute(&mut *connection)
            .await
            .map_err(camera_exists)?;
        let id = CameraId(inserted.last_insert_rowid());
        for stream in &new.streams {
            let stream = Stream {
                path: StreamPath::for_camera(place.host, channel, stream.role),
                role: stream.role,
                url: stream.url.clone(),
                engine: stream.engine,
                transport: stream.transport,
                facts: stream.facts.clone(),
                engine_in_use: stream.engine_in_use,
                profile: stream.profile.clone(),
                failure: stream.failure.clone(),
                is_invalid_after_reboot: stream.is_invalid_after_reboot,
            };
            insert_stream(connection, id, &stream).await?;
        }
        self.get_on(connection, id).await?.ok_or(StoreError::NotFound { what: "camera" })
    }

    /// Notes why a stream could not be had, or that it could.
    pub async fn set_failure(&self, path: &StreamPath, failure: Option<&StreamFailure>) -> Result<(), StoreError> {
        let failure = failure.map(|failure| to_json("failure", failure)).transpose()?;
        sqlx::query(SET_FAILURE).bind(failure).bind(path.as_str()).execute(self.store.writer()).await?;
        Ok(())
    }

    /// Forgets a camera and its streams; recordings stay.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn delete(&self, id: CameraId) -> Result<(), StoreError> {
        deleted("camera", &sqlx::query(DELETE).bind(id.0).execute(self.store.writer()).await?)
    }

    pub async fn set_facts(&self, path: &StreamPath, facts: Option<&StreamFacts>) -> Result<(), StoreError> {
        let facts = facts.map(|facts| to_json("facts", facts)).transpose()?;
        sqlx::query(SET_FACTS).bind(facts).bind(path.as_str()).execute(self.store.writer()).await?;
        Ok(())
    }

    /// Notes who pulled the stream, for the next start.
    pub async fn set_engine_in_use(&self, path: &StreamPath, engine: IngestEngine) -> Result<(), StoreError> {
        sqlx::query(SET_ENGINE).bind(word(&engine)).bind(path.as_str()).execute(self.store.writer()).await?;
        Ok(())
    }

    async fn get_on(&self, connection: &mut SqliteConnection, id: CameraId) -> Result<Option<Camera>, StoreError> {
        let Some(row) = sqlx::query(ONE).bind(id.0).fetch_optional(&mut *connection).await? else { return Ok(None) };
        let streams = sqlx::query(STREAMS_OF).bind(id.0).fetch_all(connection).await?;
        let streams = streams.iter().map(read_stream).collect::<Result<_, _>>()?;
        self.read(&row, streams).map(Some)
    }

    fn seal(&self, credentials: Option<&Credentials>) -> Result<Option<Vec<u8>>, StoreError> {
        credentials.map(|credentials| self.store.seal().seal(&credentials.password)).transpose()
    }

    fn read(&self, row: &SqliteRow, streams: Vec<Stream>) -> Result<Camera, StoreError> {
        let username: Option<String> = column(row, "username")?;
        let sealed: Option<Vec<u8>> = column(row, "password")?;
        let credentials = match (username, sealed) {
            // One password that cannot be opened must not take every camera with it: that camera alone is refused.
            (Some(username), Some(sealed)) => {
                let password = self.store.seal().open_sealed(&sealed).unwrap_or_else(|error| {
                    let id = column::<i64>(row, "id").unwrap_or_default();
                    tracing::error!(camera.id = id, %error, "a camera's password cannot be opened; enter it again");
                    Secret::default()
                });
                Some(Credentials { username, password })
            }
            _ => None,
        };
        Ok(Camera {
            id: CameraId(column(row, "id")?),
            name: column(row, "name")?,
            host: column(row, "host")?,
            channel: column(row, "channel")?,
            group: column::<Option<i64>>(row, "group_id")?.map(GroupId),
            enabled: column(row, "enabled")?,
            credentials,
            device: column::<Option<i64>>(row, "device_id")?.map(DeviceId),
            source_token: column(row, "source_token")?,
            ptz_profile: column(row, "ptz_profile")?,
            streams,
            version: column(row, "version")?,
            created_at: UtcMillis(column(row, "created_at")?),
        })
    }
}

async fn path_is_taken(
    connection: &mut SqliteConnection,
    new: &NewCameraRow,
    channel: u32,
) -> Result<bool, StoreError> {
    for (role, _) in &new.streams {
        if is_owned(connection, &StreamPath::for_camera(&new.host, channel, *role)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn is_owned(connection: &mut SqliteConnection, path: &StreamPath) -> Result<bool, StoreError> {
    let owner: Option<i64> = sqlx::query_scalar(ID_BY_PATH).bind(path.as_str()).fetch_optional(connection).await?;
    Ok(owner.is_some())
}

/// The wished channel when neither it nor its paths are taken, else the next after all of the host's.
pub(crate) async fn free_channel(
    connection: &mut SqliteConnection,
    host: &str,
    wished: u32,
    roles: &[StreamRole],
) -> Result<u32, StoreError> {
    let next: i64 = sqlx::query_scalar(NEXT_CHANNEL).bind(host).fetch_one(&mut *connection).await?;
    let next = u32::try_from(next).map_err(|_| StoreError::Value { what: "channel".into() })?;
    let mut candidates = std::iter::once(wished).chain(next..);
    loop {
        let channel = candidates.next().ok_or(StoreError::CameraExists)?;
        let owner: Option<i64> = sqlx::query_scalar(OWNER_OF_CHANNEL)
            .bind(host)
            .bind(i64::from(channel))
            .fetch_optional(&mut *connection)
            .await?;
        let mut is_taken = owner.is_some();
        for role in roles {
            is_taken = is_taken || is_owned(connection, &StreamPath::for_camera(host, channel, *role)).await?;
        }
        if !is_taken {
            return Ok(channel);
        }
    }
}

fn camera_exists(error: sqlx::Error) -> StoreError {
    if StoreError::is_unique_violation(&error) { StoreError::CameraExists } else { error.into() }
}

async fn insert_stream(connection: &mut SqliteConnection, camera: CameraId, stream: &Stream) -> Result<(), StoreError> {
    let facts = stream.facts.as_ref().map(|facts| to_json("facts", facts)).transpose()?;
    let failure = stream.failure.as_ref().map(|failure| to_json("failure", failure)).transpose()?;
    sqlx::query(INSERT_STREAM)
        .bind(stream.path.as_str())
        .bind(camera.0)
        .bind(stream.role.as_str())
        .bind(stream.url.as_str())
        .bind(word(&stream.engine))
        .bind(word(&stream.transport))
        .bind(facts)
        .bind(stream.engine_in_use.as_ref().map(word))
        .bind(stream.profile.as_deref())
        .bind(failure)
        .bind(stream.is_invalid_after_reboot)
        .execute(connection)
        .await
        .map_err(camera_exists)?;
    Ok(())
}

fn read_stream(row: &SqliteRow) -> Result<Stream, StoreError> {
    let text = |name: &str| -> Result<String, StoreError> { Ok(row.try_get(name)?) };
    let unreadable = |problem: Problem| StoreError::Value { what: problem.code.to_string() };
    let facts: Option<String> = column(row, "facts")?;
    let engine_in_use: Option<String> = column(row, "engine_in_use")?;
    let failure: Option<String> = column(row, "failure")?;
    Ok(Stream {
        path: StreamPath::parse(&text("path")?).map_err(unreadable)?,
        role: from_word("role", &text("role")?)?,
        url: SafeUrl::split(&text("url")?).map_err(unreadable)?.0,
        engine: from_word("engine", &text("engine")?)?,
        transport: from_word("transport", &text("transport")?)?,
        facts: facts.map(|facts| from_json("facts", &facts)).transpose()?,
        engine_in_use: engine_in_use.map(|engine| from_word("engine", &engine)).transpose()?,
        profile: column(row, "profile")?,
        failure: failure.map(|failure| from_json("failure", &failure)).transpose()?,
        is_invalid_after_reboot: column(row, "is_invalid_after_reboot")?,
    })
}
