/** Wire types by their short names. They come from the API document alone; field meanings stand there. */
import type { components, paths } from './schema';

type Schemas = components['schemas'];

export type CameraStatus = Schemas['CameraStatus'];
export type CameraStreamStatus = Schemas['CameraStreamStatus'];
export type CameraView = Schemas['CameraView'];
export type FactsView = Schemas['FactsView'];
export type GapView = Schemas['GapView'];
export type GridView = Schemas['GridView'];
export type GroupView = Schemas['GroupView'];
export type LayoutView = Schemas['LayoutView'];
export type LoginAnswer = Schemas['LoginAnswer'];
export type LoginRequest = Schemas['LoginRequest'];
export type MePatch = Schemas['MePatch'];
export type NewCamera = Schemas['NewCamera'];
export type NewUser = Schemas['NewUser'];
export type NotifyServerMessage = Schemas['NotifyServerMessage'];
export type PlanPatch = Schemas['PlanPatch'];
export type PlanView = Schemas['PlanView'];
export type PlaybackClientMessage = Schemas['PlaybackClientMessage'];
export type PlaybackServerMessage = Schemas['PlaybackServerMessage'];
export type ProbeAnswer = Schemas['ProbeAnswer'];
export type ProbeRequest = Schemas['ProbeRequest'];
export type SessionState = Schemas['SessionState'];
export type SessionView = Schemas['SessionView'];
export type SettingsPatch = Schemas['SettingsPatch'];
export type SettingsView = Schemas['SettingsView'];
export type SetupFolder = Schemas['SetupFolder'];
export type SetupRequest = Schemas['SetupRequest'];
export type StreamStatus = Schemas['StreamStatus'];
export type StreamView = Schemas['StreamView'];
export type SystemView = Schemas['SystemView'];
export type TileView = Schemas['TileView'];
export type TimelineTrack = Schemas['TimelineTrack'];
export type TimelineView = Schemas['TimelineView'];
export type UserPatch = Schemas['UserPatch'];
export type UserView = Schemas['UserView'];
export type VolumePatch = Schemas['VolumePatch'];
export type VolumeView = Schemas['VolumeView'];

type Relative<Path> = Path extends `/api/v1${infer Rest}` ? Rest : never;
type Filled<Path> = Path extends `${infer Before}{${string}}${infer After}` ? `${Before}${string}${Filled<After>}` : Path;

/** A path of the API below `/api/v1`, its `{places}` filled in. A path that the site does not have is a type error. */
export type ApiPath = Filled<Relative<keyof paths>>;
