-- Devices with an ONVIF endpoint, the cameras they hold, and what belongs to both. A camera without ONVIF has no device.

CREATE TABLE devices (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    -- Address or name as typed, lower case, IPv6 without brackets.
    host            TEXT NOT NULL,
    port            INTEGER NOT NULL CHECK (port BETWEEN 1 AND 65535),
    tls             INTEGER NOT NULL DEFAULT 0 CHECK (tls IN (0, 1)),
    -- Path and query of the device service.
    path            TEXT NOT NULL DEFAULT '/onvif/device_service',
    username        TEXT,
    -- Sealed with the site's key, never plain.
    password        BLOB,
    -- As the device tells; empty where it does not.
    manufacturer    TEXT NOT NULL DEFAULT '',
    model           TEXT NOT NULL DEFAULT '',
    firmware        TEXT NOT NULL DEFAULT '',
    serial          TEXT NOT NULL DEFAULT '',
    hardware_id     TEXT NOT NULL DEFAULT '',
    -- Name of its preset file, or what it calls its maker.
    vendor          TEXT,
    name            TEXT,
    -- Endpoint reference without urn:uuid:, the identity that survives another address.
    endpoint        TEXT,
    -- JSON list, lower case with colons.
    macs            TEXT NOT NULL DEFAULT '[]',
    -- How it was seen to log us in: digest, wsse, both or basic.
    login           TEXT,
    clock_offset_ms INTEGER,
    -- JSON of what it told last.
    services        TEXT NOT NULL DEFAULT '[]',
    profiles        TEXT NOT NULL DEFAULT '[]',
    version         INTEGER NOT NULL DEFAULT 1,
    created_at      INTEGER NOT NULL,
    UNIQUE (host, port)
) STRICT;
CREATE INDEX devices_by_endpoint ON devices (endpoint) WHERE endpoint IS NOT NULL;

ALTER TABLE cameras ADD COLUMN device_id INTEGER REFERENCES devices (id) ON DELETE CASCADE;
-- The channel as the device names it.
ALTER TABLE cameras ADD COLUMN source_token TEXT;
-- Token of a profile that can move the camera.
ALTER TABLE cameras ADD COLUMN ptz_profile TEXT;
CREATE INDEX cameras_by_device ON cameras (device_id) WHERE device_id IS NOT NULL;

-- Token of the profile the stream shows.
ALTER TABLE streams ADD COLUMN profile TEXT;
-- JSON of why it could not be had when it was looked at last; its address is a placeholder when the step is STREAM_URIS.
ALTER TABLE streams ADD COLUMN failure TEXT;
ALTER TABLE streams ADD COLUMN is_invalid_after_reboot INTEGER NOT NULL DEFAULT 0 CHECK (is_invalid_after_reboot IN (0, 1));

-- User names and passwords an installer tries on new devices, in this order.
CREATE TABLE credential_sets (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    name     TEXT NOT NULL UNIQUE,
    username TEXT NOT NULL,
    password BLOB NOT NULL,
    position INTEGER NOT NULL,
    version  INTEGER NOT NULL DEFAULT 1
) STRICT;

CREATE TABLE offline_events (
    id            INTEGER PRIMARY KEY AUTOINCREMENT,
    camera_id     INTEGER NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    started_at    INTEGER NOT NULL,
    last_check_at INTEGER NOT NULL,
    -- NULL while the camera is away.
    ended_at      INTEGER,
    reason        TEXT NOT NULL,
    alarmed       INTEGER NOT NULL DEFAULT 0 CHECK (alarmed IN (0, 1))
) STRICT;
CREATE INDEX offline_events_by_camera ON offline_events (camera_id, started_at);
CREATE UNIQUE INDEX offline_events_open ON offline_events (camera_id) WHERE ended_at IS NULL;

CREATE TABLE camera_events (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    camera_id INTEGER NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    kind      TEXT NOT NULL,
    -- on, off, pulse or unknown.
    state     TEXT NOT NULL,
    source    TEXT NOT NULL DEFAULT '',
    rule      TEXT NOT NULL DEFAULT '',
    topic     TEXT NOT NULL DEFAULT '',
    value     TEXT NOT NULL DEFAULT '',
    at        INTEGER NOT NULL
) STRICT;
CREATE INDEX camera_events_by_camera ON camera_events (camera_id, at);
CREATE INDEX camera_events_oldest ON camera_events (at);

CREATE TABLE ptz_patrols (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    camera_id INTEGER NOT NULL REFERENCES cameras (id) ON DELETE CASCADE,
    name      TEXT NOT NULL,
    -- JSON list of presets with their dwell times.
    steps     TEXT NOT NULL,
    version   INTEGER NOT NULL DEFAULT 1,
    UNIQUE (camera_id, name)
) STRICT;
